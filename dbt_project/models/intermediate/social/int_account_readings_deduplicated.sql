-- grain: account x reading
with readings as (
    select
        'instagram' as network,
        account_id,
        source_instance,
        'api' as reading_source,
        observed_at,
        followers_count,
        follows_count,
        media_count as posts_count
    from {{ ref('stg_instagram__accounts') }}
    union all
    select
        network,
        account_id,
        source_instance,
        'file_drop' as reading_source,
        observed_at,
        followers_count,
        cast(null as bigint) as follows_count,
        posts_count
    from {{ ref('stg_file_drop__account_readings') }}
),

ranked_readings as (
    select
        accounts.account_key,
        accounts.brand_id,
        accounts.is_own,
        readings.source_instance,
        readings.network,
        readings.reading_source,
        readings.observed_at,
        readings.followers_count,
        readings.follows_count,
        readings.posts_count,
        row_number() over (
            partition by accounts.account_key, readings.observed_at
            order by
                readings.reading_source asc,
                case when readings.followers_count is null then 1 else 0 end asc,
                readings.source_instance asc,
                readings.followers_count desc nulls last,
                readings.posts_count desc nulls last
        ) as reading_rank
    from readings
    inner join {{ ref('int_accounts_assigned') }} as accounts
        on readings.network = accounts.network and readings.account_id = accounts.account_id
    where
        readings.observed_at < {{ run_setting('as_of_at') }}
        and (readings.followers_count is not null or readings.posts_count is not null)
),

final as (
    select
        account_key,
        brand_id,
        source_instance,
        network,
        is_own,
        reading_source,
        observed_at,
        followers_count,
        follows_count,
        posts_count
    from ranked_readings
    where reading_rank = 1
)

select * from final
