-- grain: network x scope of ids x post
-- A post that no source describes is known by its readings.
with records as (
    select
        posts.network,
        posts.id_scope,
        posts.post_id,
        posts.account_id,
        posts.source_instance,
        posts.source_rank,
        posts.is_own,
        posts.posted_at,
        posts.post_format,
        posts.caption,
        posts.permalink,
        posts.deleted_at,
        posts.last_seen_at,
        posts.watched_until,
        posts.is_attribute_current_fallback,
        posts._observed_at,
        1 as record_kind
    from {{ ref('int_posts') }} as posts
    cross join {{ ref('stg_config__run') }} as run
    left join {{ ref('int_accounts_assigned') }} as accounts
        on posts.network = accounts.network
        and posts.id_scope = accounts.id_scope
        and posts.account_id = accounts.account_id
    where posts.posted_at < {{ visible_until('run', "coalesce(accounts.timezone, 'UTC')") }}
    union all
    select
        readings.network,
        readings.id_scope,
        readings.post_id,
        max(readings.account_id) as account_id,
        readings.source_instance,
        readings.source_rank,
        cast(null as boolean) as is_own,
        cast(null as timestamp) as posted_at,
        cast(null as string) as post_format,
        cast(null as string) as caption,
        cast(null as string) as permalink,
        cast(null as timestamp) as deleted_at,
        cast(null as timestamp) as last_seen_at,
        cast(null as timestamp) as watched_until,
        false as is_attribute_current_fallback,
        max(readings._observed_at) as _observed_at,
        2 as record_kind
    from {{ ref('int_post_readings') }} as readings
    cross join {{ ref('stg_config__run') }} as run
    left join {{ ref('int_accounts_assigned') }} as accounts
        on readings.network = accounts.network
        and readings.id_scope = accounts.id_scope
        and readings.account_id = accounts.account_id
    where readings.observed_at < {{ visible_until('run', "coalesce(accounts.timezone, 'UTC')") }}
    group by
        readings.network, readings.id_scope, readings.post_id, readings.source_instance, readings.source_rank
),

records_ranked as (
    select
        records.*,
        max(records.last_seen_at) over (
            partition by records.network, records.id_scope, records.post_id
        ) as last_seen_by_any_at,
        max(records.watched_until) over (
            partition by records.network, records.id_scope, records.post_id
        ) as watched_by_any_until,
        row_number() over (
            partition by records.network, records.id_scope, records.post_id
            order by
                records.record_kind asc,
                records.source_rank asc,
                case when records.is_attribute_current_fallback then 1 else 0 end asc,
                case when records.last_seen_at is null then 1 else 0 end asc,
                case when records.is_own then 0 else 1 end asc,
                records._observed_at desc,
                records.source_instance asc
        ) as record_rank
    from records
),

-- What one source saw alive later, no other source knows to be deleted.
deletions as (
    select
        network,
        id_scope,
        post_id,
        min(deleted_at) as deleted_at
    from records_ranked
    where last_seen_by_any_at is null or deleted_at > last_seen_by_any_at
    group by network, id_scope, post_id
),

posts as (
    select
        {{ surrogate_key([
            'accounts.brand_id', 'records.network', scoped_id('records.post_id', 'records.id_scope'),
        ]) }} as post_key,
        accounts.brand_id,
        records.source_instance,
        records.network,
        records.id_scope,
        records.post_id,
        accounts.account_key,
        accounts.is_own,
        accounts.timezone,
        records.posted_at,
        records.post_format,
        records.caption,
        records.permalink,
        case
            when deletions.deleted_at < {{ visible_until('run', 'accounts.timezone') }} then deletions.deleted_at
        end as deleted_at,
        records.watched_by_any_until as watched_until,
        records.is_attribute_current_fallback
    from records_ranked as records
    cross join {{ ref('stg_config__run') }} as run
    inner join {{ ref('int_accounts_assigned') }} as accounts
        on records.network = accounts.network
        and records.id_scope = accounts.id_scope
        and records.account_id = accounts.account_id
    left join deletions
        on records.network = deletions.network
        and records.id_scope = deletions.id_scope
        and records.post_id = deletions.post_id
    where records.record_rank = 1
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
        posts.id_scope,
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
        posts.watched_until,
        followers.followers_count as followers_at_post,
        followers.observed_at as followers_at_post_observed_at,
        posts.is_attribute_current_fallback
    from posts
    left join followers on posts.post_key = followers.post_key
)

select * from final
