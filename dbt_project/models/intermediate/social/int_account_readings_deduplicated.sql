-- grain: account x reading
with ranked_readings as (
    select
        accounts.account_key,
        accounts.brand_id,
        accounts.is_own,
        readings.source_instance,
        readings.network,
        {{ reading_source('readings.source_rank') }} as reading_source,
        readings.observed_at,
        readings.followers_count,
        readings.follows_count,
        readings.posts_count,
        row_number() over (
            partition by accounts.account_key, readings.observed_at
            order by
                readings.source_rank asc,
                case when readings.followers_count is null then 1 else 0 end asc,
                readings.source_instance asc
        ) as reading_rank
    from {{ ref('int_account_readings') }} as readings
    inner join {{ ref('int_accounts_assigned') }} as accounts
        on readings.network = accounts.network
        and readings.id_scope = accounts.id_scope
        and readings.account_id = accounts.account_id
    cross join {{ ref('stg_config__run') }} as run
    where
        readings.observed_at < {{ visible_until('run', 'accounts.timezone') }}
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
