-- grain: account
with ranked_readings as (
    select
        account_key,
        followers_count,
        posts_count,
        observed_at,
        min(observed_at) over (partition by account_key) as first_observed_at,
        row_number() over (partition by account_key order by observed_at desc) as reading_rank
    from {{ ref('int_account_readings_deduplicated') }}
),

final as (
    select
        accounts.account_key,
        accounts.brand_id,
        accounts.source_instance,
        accounts.network,
        accounts.id_scope,
        accounts.account_id,
        accounts.username,
        accounts.account_name,
        accounts.is_own,
        accounts.timezone,
        accounts.week_start,
        newest.followers_count,
        newest.posts_count,
        newest.first_observed_at,
        newest.observed_at as last_observed_at,
        accounts.is_attribute_current_fallback,
        {{ run_setting('as_of') }} as as_of
    from {{ ref('int_accounts_assigned') }} as accounts
    left join ranked_readings as newest
        on accounts.account_key = newest.account_key and newest.reading_rank = 1
)

select * from final
