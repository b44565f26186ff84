-- Readings whose totals are not what dim_network and their components say; an unknown component makes a total unknown.
with readings as (
    select
        snapshots.post_key,
        snapshots.observed_at,
        snapshots.metric_set,
        snapshots.engagements_public,
        snapshots.engagements_full,
        snapshots.engagement_components,
        snapshots.engagement_full_components,
        {% for total in ['engagement_components', 'engagement_full_components'] %}
        {% for part in ['reactions', 'comments', 'shares', 'saves', 'link_clicks', 'profile_visits'] %}
        {{ '+ ' if not loop.first }}case
            when snapshots.{{ total }} like '%{{ part }}%' then snapshots.{{ part }}
            else 0
        end
        {%- endfor %} as {{ total }}_sum,
        {% endfor %}
        networks.public_includes_shares,
        networks.full_includes_shares,
        networks.full_includes_saves,
        networks.full_includes_link_clicks,
        networks.full_includes_profile_visits
    from {{ ref('fct_post_snapshot') }} as snapshots
    inner join {{ ref('dim_network') }} as networks on snapshots.network = networks.network
)

select
    post_key,
    observed_at,
    engagements_public,
    engagements_full
from readings
where
    engagements_public != engagement_components_sum
    or engagements_full != engagement_full_components_sum
    or (engagements_public is null) != (engagement_components is null)
    or (engagements_full is null) != (engagement_full_components is null)
    or (engagements_full is not null and metric_set != 'owner')
    or (engagement_components like '%shares%' and not public_includes_shares)
    or (engagement_full_components like '%shares%' and not full_includes_shares)
    or (engagement_full_components like '%saves%' and not full_includes_saves)
    or (engagement_full_components like '%link_clicks%' and not full_includes_link_clicks)
    or (engagement_full_components like '%profile_visits%' and not full_includes_profile_visits)
