-- grain: source instance x media. A media that is asked for and not found is deleted, until it is seen again.
with readings as (
    select
        media.brand_id,
        media.source_instance,
        media.media_id,
        media.account_id,
        media.is_own,
        media.caption,
        media.media_type,
        media.media_product_type,
        media.permalink,
        media.posted_at,
        media.is_deleted,
        media.is_attribute_current_fallback,
        media._observed_at,
        media._dlt_load_id,
        max(
            case when not media.is_deleted and not media.is_attribute_current_fallback then media._observed_at end
        ) over (partition by media.source_instance, media.media_id) as last_seen_at,
        row_number() over (
            partition by media.source_instance, media.media_id
            order by
                case when media.is_attribute_current_fallback then 1 else 0 end,
                case when media.is_deleted then 1 else 0 end,
                media._observed_at desc
        ) as version_rank
    from {{ ref('base_instagram__media') }} as media
),

deletions as (
    select
        source_instance,
        media_id,
        min(_observed_at) as deleted_at
    from readings
    where
        is_deleted
        and not is_attribute_current_fallback
        and (last_seen_at is null or _observed_at > last_seen_at)
    group by source_instance, media_id
),

account_runs as (
    select
        source_instance,
        account_id,
        max(_observed_at) as last_run_at
    from {{ ref('base_instagram__accounts') }}
    where not is_attribute_current_fallback
    group by source_instance, account_id
),

final as (
    select
        posts.brand_id,
        posts.source_instance,
        cast(1 as bigint) as source_rank,
        'instagram' as network,
        '' as id_scope,
        posts.account_id,
        posts.media_id as post_id,
        posts.is_own,
        posts.posted_at,
        case
            when posts.media_product_type = 'REELS' then 'reel'
            when posts.media_product_type = 'STORY' then 'story'
            when posts.media_type = 'CAROUSEL_ALBUM' then 'carousel'
            when posts.media_type = 'VIDEO' then 'video'
            when posts.media_type = 'IMAGE' then 'image'
        end as post_format,
        posts.caption,
        posts.permalink,
        deletions.deleted_at,
        posts.last_seen_at,
        -- Every run looks at the comments of posts up to 28 days old.
        case
            when account_runs.last_run_at is not null
                then least(account_runs.last_run_at, posts.posted_at + interval '28' day)
        end as watched_until,
        posts.is_attribute_current_fallback,
        posts._observed_at,
        posts._dlt_load_id
    from readings as posts
    left join deletions
        on posts.source_instance = deletions.source_instance and posts.media_id = deletions.media_id
    left join account_runs
        on posts.source_instance = account_runs.source_instance and posts.account_id = account_runs.account_id
    where posts.version_rank = 1
)

select * from final
