-- grain: network x post
with run as (
    select as_of_at from {{ ref('stg_config__run') }}
),

media as (
    select
        media.media_id,
        media.account_id,
        media.source_instance,
        media.is_own,
        media.caption,
        media.media_type,
        media.media_product_type,
        media.permalink,
        media.posted_at,
        media.is_deleted,
        media.observed_at,
        media.observed_at >= run.as_of_at as is_after_run,
        max(case when not media.is_deleted and media.observed_at < run.as_of_at then media.observed_at end) over (
            partition by media.media_id
        ) as last_alive_at
    from {{ ref('stg_instagram__media') }} as media
    cross join run
    where media.posted_at < run.as_of_at
),

media_deletions as (
    select
        media_id,
        min(observed_at) as deleted_at
    from media
    where
        is_deleted
        and not is_after_run
        and (last_alive_at is null or observed_at > last_alive_at)
    group by media_id
),

media_ranked as (
    select
        media_id,
        account_id,
        source_instance,
        caption,
        media_type,
        media_product_type,
        permalink,
        posted_at,
        is_after_run,
        row_number() over (
            partition by media_id
            order by
                case when is_after_run then 1 else 0 end,
                case when is_deleted then 1 else 0 end,
                case when is_own then 0 else 1 end,
                observed_at desc,
                source_instance asc
        ) as version_rank
    from media
),

-- The API's record of a post comes before a drop's, and a drop's before the mere ids of its readings.
records as (
    select
        'instagram' as network,
        media_ranked.media_id as post_id,
        media_ranked.account_id,
        media_ranked.source_instance,
        media_ranked.posted_at,
        case
            when media_ranked.media_product_type = 'REELS' then 'reel'
            when media_ranked.media_product_type = 'STORY' then 'story'
            when media_ranked.media_type = 'CAROUSEL_ALBUM' then 'carousel'
            when media_ranked.media_type = 'VIDEO' then 'video'
            when media_ranked.media_type = 'IMAGE' then 'image'
        end as post_format,
        media_ranked.caption,
        media_ranked.permalink,
        media_deletions.deleted_at,
        media_ranked.is_after_run as is_attribute_current_fallback,
        1 as source_rank
    from media_ranked
    left join media_deletions on media_ranked.media_id = media_deletions.media_id
    where media_ranked.version_rank = 1
    union all
    select
        posts.network,
        posts.post_id,
        posts.account_id,
        posts.source_instance,
        posts.posted_at,
        posts.post_format,
        posts.caption,
        posts.permalink,
        case when posts.deleted_at < run.as_of_at then posts.deleted_at end as deleted_at,
        posts.is_attribute_current_fallback,
        2 as source_rank
    from {{ ref('stg_file_drop__posts') }} as posts
    cross join run
    where posts.posted_at < run.as_of_at
    union all
    select
        readings.network,
        readings.post_id,
        max(readings.account_id) as account_id,
        readings.source_instance,
        cast(null as timestamp) as posted_at,
        cast(null as string) as post_format,
        cast(null as string) as caption,
        cast(null as string) as permalink,
        cast(null as timestamp) as deleted_at,
        false as is_attribute_current_fallback,
        3 as source_rank
    from {{ ref('stg_file_drop__post_readings') }} as readings
    cross join run
    where readings.observed_at < run.as_of_at
    group by readings.network, readings.post_id, readings.source_instance
),

records_ranked as (
    select
        network,
        post_id,
        account_id,
        source_instance,
        posted_at,
        post_format,
        caption,
        permalink,
        deleted_at,
        is_attribute_current_fallback,
        row_number() over (
            partition by network, post_id
            order by source_rank asc, posted_at desc nulls last, source_instance asc
        ) as record_rank
    from records
),

posts as (
    select
        {{ surrogate_key(['accounts.brand_id', 'records_ranked.network', 'records_ranked.post_id']) }} as post_key,
        accounts.brand_id,
        records_ranked.source_instance,
        records_ranked.network,
        records_ranked.post_id,
        accounts.account_key,
        accounts.is_own,
        accounts.timezone,
        records_ranked.posted_at,
        records_ranked.post_format,
        records_ranked.caption,
        records_ranked.permalink,
        records_ranked.deleted_at,
        records_ranked.is_attribute_current_fallback
    from records_ranked
    inner join {{ ref('int_accounts_assigned') }} as accounts
        on records_ranked.network = accounts.network
        and records_ranked.account_id = accounts.account_id
    where records_ranked.record_rank = 1
),

timeline as (
    select
        account_key,
        posted_at as happened_at,
        post_key,
        cast(null as timestamp) as observed_at
    from posts
    where posted_at is not null
    union all
    select
        account_key,
        observed_at as happened_at,
        cast(null as string) as post_key,
        observed_at
    from {{ ref('int_account_readings_deduplicated') }}
    where followers_count is not null
),

readings_before as (
    select
        account_key,
        post_key,
        happened_at,
        max(observed_at) over (
            partition by account_key
            order by happened_at, case when post_key is null then 0 else 1 end
            rows between unbounded preceding and current row
        ) as observed_at
    from timeline
),

followers as (
    select
        readings_before.post_key,
        readings.followers_count,
        readings.observed_at
    from readings_before
    inner join {{ ref('int_account_readings_deduplicated') }} as readings
        on readings_before.account_key = readings.account_key
        and readings_before.observed_at = readings.observed_at
    where
        readings_before.post_key is not null
        -- Followers move by a few per mille in a week; beyond it the rate's base would be another audience.
        and {{ hours_between('readings.observed_at', 'readings_before.happened_at') }} <= 168
),

final as (
    select
        posts.post_key,
        posts.brand_id,
        posts.source_instance,
        posts.network,
        posts.post_id,
        posts.account_key,
        posts.is_own,
        posts.timezone,
        posts.posted_at,
        {{ utc_to_local('posts.posted_at', 'posts.timezone') }} as posted_at_local,
        posts.post_format,
        case when posts.deleted_at is null then posts.caption end as caption,
        posts.permalink,
        posts.deleted_at is not null as is_deleted,
        posts.deleted_at,
        followers.followers_count as followers_at_post,
        followers.observed_at as followers_at_post_observed_at,
        posts.is_attribute_current_fallback
    from posts
    left join followers on posts.post_key = followers.post_key
)

select * from final
