-- grain: post x reading
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

api_readings as (
    select
        coalesce(media.source_instance, insights.source_instance) as source_instance,
        coalesce(media.media_id, insights.media_id) as post_id,
        coalesce(media.observed_at, insights.observed_at) as observed_at,
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

readings as (
    select
        'instagram' as network,
        post_id,
        source_instance,
        'api' as reading_source,
        observed_at,
        impressions,
        reach,
        reactions,
        comments,
        shares,
        saves,
        cast(null as bigint) as link_clicks,
        profile_visits
    from api_readings
    union all
    select
        network,
        post_id,
        source_instance,
        'file_drop' as reading_source,
        observed_at,
        impressions,
        reach,
        reactions,
        comments,
        shares,
        saves,
        link_clicks,
        profile_visits
    from {{ ref('stg_file_drop__post_readings') }}
),

known_readings as (
    select
        network,
        post_id,
        source_instance,
        reading_source,
        observed_at,
        impressions,
        reach,
        reactions,
        comments,
        shares,
        saves,
        link_clicks,
        profile_visits,
        impressions is not null or reach is not null or shares is not null or saves is not null
        or link_clicks is not null or profile_visits is not null as has_owner_counts
    from readings
    where observed_at < {{ run_setting('as_of_at') }}
),

ranked_readings as (
    select
        posts.post_key,
        posts.brand_id,
        posts.account_key,
        posts.is_own,
        posts.posted_at,
        known_readings.source_instance,
        known_readings.network,
        known_readings.reading_source,
        known_readings.observed_at,
        known_readings.impressions,
        known_readings.reach,
        known_readings.reactions,
        known_readings.comments,
        known_readings.shares,
        known_readings.saves,
        known_readings.link_clicks,
        known_readings.profile_visits,
        known_readings.has_owner_counts,
        row_number() over (
            partition by posts.post_key, known_readings.observed_at
            order by
                known_readings.reading_source,
                case when known_readings.has_owner_counts then 0 else 1 end,
                known_readings.source_instance
        ) as reading_rank
    from known_readings
    inner join {{ ref('int_posts') }} as posts
        on known_readings.network = posts.network
        and known_readings.post_id = posts.post_id
    where
        known_readings.has_owner_counts
        or known_readings.reactions is not null
        or known_readings.comments is not null
),

final as (
    select
        readings.post_key,
        readings.brand_id,
        readings.source_instance,
        readings.network,
        readings.account_key,
        readings.is_own,
        readings.reading_source,
        readings.observed_at,
        readings.posted_at,
        {{ hours_between('readings.posted_at', 'readings.observed_at') }} as post_age_hours,
        readings.impressions,
        readings.reach,
        readings.reactions,
        readings.comments,
        readings.shares,
        readings.saves,
        readings.link_clicks,
        readings.profile_visits,
        readings.reactions + readings.comments
        + case when networks.public_includes_shares then readings.shares else 0 end as engagements_public,
        case
            when readings.is_own then
                readings.reactions + readings.comments
                + case when networks.full_includes_shares then readings.shares else 0 end
                + case when networks.full_includes_saves then readings.saves else 0 end
                + case when networks.full_includes_link_clicks then readings.link_clicks else 0 end
                + case when networks.full_includes_profile_visits then readings.profile_visits else 0 end
        end as engagements_full,
        readings.has_owner_counts
    from ranked_readings as readings
    left join {{ ref('networks') }} as networks on readings.network = networks.network
    where readings.reading_rank = 1
)

select * from final
