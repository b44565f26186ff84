-- grain: post x reading
{% set counts = [
    'impressions', 'reach', 'reactions', 'comments', 'shares', 'saves', 'link_clicks', 'profile_visits',
] %}
{% set parts = ['reactions', 'comments', 'shares', 'saves', 'link_clicks', 'profile_visits'] %}
{% set conditions = {
    'reactions': 'true',
    'comments': 'true',
    'shares': 'networks.full_includes_shares',
    'saves': 'networks.full_includes_saves',
    'link_clicks': 'networks.full_includes_link_clicks',
    'profile_visits': 'networks.full_includes_profile_visits',
} %}
with media as (
    select
        source_instance,
        media_id,
        like_count,
        comments_count,
        observed_at
    from {{ ref('stg_instagram__media') }}
    where not is_deleted
),

-- The listing shows what everybody sees; insights are the owner's.
api_readings as (
    select
        coalesce(media.source_instance, insights.source_instance) as source_instance,
        coalesce(media.media_id, insights.media_id) as post_id,
        coalesce(media.observed_at, insights.observed_at) as observed_at,
        insights.media_id is not null as is_of_owner,
        insights.views as impressions,
        insights.reach,
        case when media.media_id is null then insights.likes else media.like_count end as reactions,
        case when media.media_id is null then insights.comments else media.comments_count end as comments,
        insights.shares,
        insights.saved as saves,
        insights.profile_visits
    from media
    full outer join {{ ref('stg_instagram__media_insights') }} as insights
        on media.source_instance = insights.source_instance
        and media.media_id = insights.media_id
        and media.observed_at = insights.observed_at
),

dropped_readings as (
    select
        network,
        post_id,
        source_instance,
        observed_at,
        {{ counts | join(',\n        ') }}
    from {{ ref('stg_file_drop__post_readings') }}
    where observed_at < {{ run_setting('as_of_at') }}
),

-- What a drop measures is told by all that it brings, not by the row: a count that it has at times is unknown elsewhere.
drops as (
    select
        dropped.source_instance,
        dropped.network,
        {% for part in parts %}
        count(dropped.{{ part }}) > 0 as measures_{{ part }},
        {% endfor %}
        count(dropped.impressions) + count(dropped.reach) + count(dropped.saves) + count(dropped.link_clicks)
        + count(dropped.profile_visits)
        + count(case when not networks.public_includes_shares then dropped.shares end) > 0 as is_of_owner
    from dropped_readings as dropped
    left join {{ ref('networks') }} as networks on dropped.network = networks.network
    group by dropped.source_instance, dropped.network
),

readings as (
    select
        'instagram' as network,
        post_id,
        source_instance,
        'api' as reading_source,
        observed_at,
        is_of_owner,
        impressions,
        reach,
        reactions,
        comments,
        shares,
        saves,
        cast(null as bigint) as link_clicks,
        profile_visits,
        {% for part in parts %}
        true as measures_{{ part }}{{ ',' if not loop.last }}
        {% endfor %}
    from api_readings
    where observed_at < {{ run_setting('as_of_at') }}
    union all
    select
        dropped.network,
        dropped.post_id,
        dropped.source_instance,
        'file_drop' as reading_source,
        dropped.observed_at,
        drops.is_of_owner,
        {% for count in counts %}
        dropped.{{ count }},
        {% endfor %}
        {% for part in parts %}
        drops.measures_{{ part }}{{ ',' if not loop.last }}
        {% endfor %}
    from dropped_readings as dropped
    inner join drops
        on dropped.source_instance = drops.source_instance and dropped.network = drops.network
),

ranked_readings as (
    select
        posts.post_key,
        posts.brand_id,
        posts.account_key,
        posts.is_own,
        posts.posted_at,
        readings.source_instance,
        readings.network,
        readings.reading_source,
        readings.observed_at,
        readings.is_of_owner,
        {% for count in counts %}
        readings.{{ count }},
        {% endfor %}
        {% for part in parts %}
        readings.measures_{{ part }},
        {% endfor %}
        row_number() over (
            partition by posts.post_key, readings.observed_at, readings.reading_source
            order by case when readings.is_of_owner then 0 else 1 end, readings.source_instance
        ) as rank_of_source
    from readings
    inner join {{ ref('int_posts_merged') }} as posts
        on readings.network = posts.network
        and readings.post_id = posts.post_id
    where
        {% for count in counts %}
        {{ 'or ' if not loop.first }}readings.{{ count }} is not null
        {% endfor %}
),

-- Sources of one kind that each know some of the counts of a moment make one reading; the API's is never mixed with a
-- drop's, whose counts may be defined otherwise.
{% set moment = ['post_key', 'observed_at', 'reading_source'] %}
merged as (
    select
        post_key,
        brand_id,
        account_key,
        is_own,
        posted_at,
        source_instance,
        network,
        reading_source,
        observed_at,
        rank_of_source,
        {% for count in counts %}
        {{ first_known(count, moment, 'rank_of_source') }} as {{ count }},
        {% endfor %}
        max(case when is_of_owner and is_own then 1 else 0 end) over (partition by {{ moment | join(', ') }}) = 1
            as is_of_owner,
        {% for part in parts %}
        max(case when measures_{{ part }} then 1 else 0 end) over (partition by {{ moment | join(', ') }}) = 1
            as measures_{{ part }},
        {% endfor %}
        row_number() over (
            partition by post_key, observed_at
            order by reading_source, rank_of_source
        ) as reading_rank
    from ranked_readings
),

composed as (
    select
        merged.post_key,
        merged.brand_id,
        merged.source_instance,
        merged.network,
        merged.account_key,
        merged.is_own,
        merged.reading_source,
        merged.observed_at,
        merged.posted_at,
        case when merged.is_of_owner then 'owner' else 'public' end as metric_set,
        {% for count in counts %}
        merged.{{ count }},
        {% endfor %}
        merged.measures_reactions or merged.measures_comments as has_engagements,
        {% for part in parts %}
        merged.measures_{{ part }} and {{ conditions[part] }} as is_{{ part }}_in_full,
        {% endfor %}
        merged.measures_reactions as is_reactions_in_public,
        merged.measures_comments as is_comments_in_public,
        merged.measures_shares and networks.public_includes_shares as is_shares_in_public
    from merged
    left join {{ ref('networks') }} as networks on merged.network = networks.network
    where merged.reading_rank = 1
),

totals as (
    select
        composed.*,
        case
            when has_engagements
                then
                    {% for part in parts[:3] %}
                    {{ '+ ' if not loop.first }}case when is_{{ part }}_in_public then {{ part }} else 0 end
                    {% endfor %}
        end as engagements_public,
        case
            when has_engagements and metric_set = 'owner'
                then
                    {% for part in parts %}
                    {{ '+ ' if not loop.first }}case when is_{{ part }}_in_full then {{ part }} else 0 end
                    {% endfor %}
        end as engagements_full
    from composed
),

final as (
    select
        post_key,
        brand_id,
        source_instance,
        network,
        account_key,
        is_own,
        reading_source,
        metric_set,
        observed_at,
        posted_at,
        {{ hours_between('posted_at', 'observed_at') }} as post_age_hours,
        {{ counts | join(',\n        ') }},
        engagements_public,
        engagements_full,
        case
            when engagements_public is not null
                then
                    replace(trim(
                        {% for part in parts[:3] %}
                        {{ '|| ' if not loop.first }}case when is_{{ part }}_in_public then '{{ part }} ' else '' end
                        {% endfor %}
                    ), ' ', ', ')
        end as engagement_components,
        case
            when engagements_full is not null
                then
                    replace(trim(
                        {% for part in parts %}
                        {{ '|| ' if not loop.first }}case when is_{{ part }}_in_full then '{{ part }} ' else '' end
                        {% endfor %}
                    ), ' ', ', ')
        end as engagement_full_components
    from totals
)

select * from final
