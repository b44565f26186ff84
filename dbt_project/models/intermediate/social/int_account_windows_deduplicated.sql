-- grain: account x last day of the window x length of the window
with readings as (
    select
        accounts.account_key,
        accounts.brand_id,
        accounts.is_own,
        windows.source_instance,
        windows.source_rank,
        windows.network,
        -- The day before the reading is the brand's: read at midnight, the window ended with the day that just ended.
        coalesce(windows.window_end, {{ date_plus(utc_to_local('windows.observed_at', 'accounts.timezone'), -1) }})
            as window_end,
        windows.window_days,
        windows.reach,
        windows.impressions,
        windows.observed_at
    from {{ ref('int_account_windows') }} as windows
    inner join {{ ref('int_accounts_assigned') }} as accounts
        on windows.network = accounts.network
        and windows.id_scope = accounts.id_scope
        and windows.account_id = accounts.account_id
    where windows.reach is not null or windows.impressions is not null
),

ranked_readings as (
    select
        readings.account_key,
        readings.brand_id,
        readings.is_own,
        readings.source_instance,
        readings.source_rank,
        readings.network,
        readings.window_end,
        readings.window_days,
        readings.reach,
        readings.impressions,
        readings.observed_at,
        readings.observed_at >= run.as_of_at as is_attribute_current_fallback,
        row_number() over (
            partition by readings.account_key, readings.window_end, readings.window_days
            order by
                case when readings.observed_at < run.as_of_at then 0 else 1 end asc,
                readings.observed_at desc,
                readings.source_rank asc,
                readings.source_instance asc
        ) as reading_rank
    from readings
    cross join {{ ref('stg_config__run') }} as run
    -- The networks cut these days in UTC; a window counts once its last day is over.
    where readings.window_end < cast(run.as_of_at as date)
),

final as (
    select
        account_key,
        brand_id,
        source_instance,
        network,
        is_own,
        window_end,
        cast(window_days as integer) as window_days,
        {{ date_plus('window_end', '1 - window_days') }} as window_start,
        reach,
        impressions,
        observed_at,
        {{ reading_source() }} as reading_source,
        is_attribute_current_fallback
    from ranked_readings
    where reading_rank = 1
)

select * from final
