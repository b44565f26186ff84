-- Readings whose totals are not what their components and the definition of the time say; an unknown component makes a total unknown.
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
        {% for total in ['public', 'full'] %}
        of_{{ total }}.components as {{ total }}_definition{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('fct_post_snapshot') }} as snapshots
    {% for total in ['public', 'full'] %}
    left join {{ ref('dim_metric_definition') }} as of_{{ total }}
        on snapshots.network = of_{{ total }}.network
        and of_{{ total }}.metric = 'engagements_{{ total }}'
        and snapshots.engagements_{{ total }}_version = of_{{ total }}.definition_version
        and {{ is_valid_at('of_' ~ total, 'snapshots.observed_at') }}
    {% endfor %}
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
    or (engagements_public is null) != (public_definition is null)
    or (engagements_full is null) != (full_definition is null)
    {% for part in ['reactions', 'comments', 'shares', 'saves', 'link_clicks', 'profile_visits'] %}
    or (engagement_components like '%{{ part }}%' and not public_definition like '%{{ part }}%')
    or (engagement_full_components like '%{{ part }}%' and not full_definition like '%{{ part }}%')
    {% endfor %}
