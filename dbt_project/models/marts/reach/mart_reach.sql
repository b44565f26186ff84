-- grain: account x last day of the window x length of the window
with windows as (
    select
        account_key,
        brand_id,
        source_instance,
        network,
        is_own,
        window_end,
        window_days,
        window_start,
        reach,
        impressions,
        observed_at,
        reading_source,
        is_attribute_current_fallback
    from {{ ref('int_account_windows_deduplicated') }}
),

daily as (
    select
        account_key,
        window_end as reached_on,
        reach
    from windows
    where window_days = 1 and reach is not null
),

bounds as (
    select
        windows.account_key,
        windows.window_end,
        windows.window_days,
        cast(count(daily.reached_on) as bigint) as daily_rows_count,
        cast(max(daily.reach) as bigint) as greatest_daily_reach,
        cast(sum(daily.reach) as bigint) as daily_reach_sum
    from windows
    left join daily
        on windows.account_key = daily.account_key
        and daily.reached_on between windows.window_start and windows.window_end
    group by windows.account_key, windows.window_end, windows.window_days
),

bounded as (
    select
        windows.account_key,
        windows.brand_id,
        windows.source_instance,
        windows.network,
        windows.is_own,
        windows.window_end,
        windows.window_days,
        windows.window_start,
        windows.reach,
        windows.impressions,
        windows.observed_at,
        windows.reading_source,
        windows.is_attribute_current_fallback,
        bounds.daily_rows_count,
        bounds.greatest_daily_reach as reach_lower_bound,
        case
            when bounds.daily_rows_count < windows.window_days then windows.impressions
            when windows.impressions is null then bounds.daily_reach_sum
            else least(bounds.daily_reach_sum, windows.impressions)
        end as reach_upper_bound
    from windows
    inner join bounds
        on windows.account_key = bounds.account_key
        and windows.window_end = bounds.window_end
        and windows.window_days = bounds.window_days
),

final as (
    select
        bounded.account_key,
        bounded.brand_id,
        bounded.source_instance,
        bounded.network,
        bounded.is_own,
        brands.brand_name,
        accounts.username,
        bounded.window_end,
        bounded.window_days,
        bounded.window_start,
        bounded.reach,
        bounded.impressions,
        case when bounded.reach is not null then bounded.impressions end as frequency_impressions,
        case when bounded.impressions is not null then bounded.reach end as frequency_reach,
        bounded.daily_rows_count,
        bounded.reach_lower_bound,
        bounded.reach_upper_bound,
        bounded.reach >= bounded.reach_lower_bound
        and bounded.reach <= bounded.reach_upper_bound as is_reach_within_bounds,
        bounded.observed_at,
        bounded.reading_source,
        bounded.is_attribute_current_fallback,
        {{ run_setting('as_of') }} as as_of
    from bounded
    inner join {{ ref('int_accounts_assigned') }} as accounts on bounded.account_key = accounts.account_key
    left join {{ ref('stg_config__brands') }} as brands on bounded.brand_id = brands.brand_id
)

select * from final
