-- grain: account x last day of the window x length of the window
with readings as (
    select
        'instagram' as network,
        account_id,
        source_instance,
        'api' as reading_source,
        window_end,
        window_days,
        observed_at,
        reach,
        views as impressions
    from {{ ref('stg_instagram__account_insights') }}
    union all
    select
        drops.network,
        drops.account_id,
        drops.source_instance,
        'file_drop' as reading_source,
        {{ date_plus(utc_to_local('drops.observed_at', 'accounts.timezone'), -1) }} as window_end,
        drops.window_days,
        drops.observed_at,
        drops.reach,
        drops.impressions
    from {{ ref('stg_file_drop__account_readings') }} as drops
    -- The day before the reading is the brand's: read at its midnight, the window ended with the day that just ended.
    inner join {{ ref('int_accounts_assigned') }} as accounts
        on drops.network = accounts.network and drops.account_id = accounts.account_id
    where drops.window_days is not null
),

ranked_readings as (
    select
        accounts.account_key,
        accounts.brand_id,
        accounts.is_own,
        readings.source_instance,
        readings.network,
        readings.window_end,
        readings.window_days,
        readings.reach,
        readings.impressions,
        readings.observed_at,
        readings.reading_source,
        readings.observed_at >= run.as_of_at as is_attribute_current_fallback,
        row_number() over (
            partition by accounts.account_key, readings.window_end, readings.window_days
            order by
                case when readings.observed_at < run.as_of_at then 0 else 1 end asc,
                readings.observed_at desc,
                readings.reading_source asc,
                readings.source_instance asc
        ) as reading_rank
    from readings
    inner join {{ ref('int_accounts_assigned') }} as accounts
        on readings.network = accounts.network and readings.account_id = accounts.account_id
    cross join {{ ref('stg_config__run') }} as run
    where
        (readings.reach is not null or readings.impressions is not null)
        -- The networks cut these days in UTC; a window counts once its last day is over.
        and readings.window_end < cast(run.as_of_at as date)
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
        reading_source,
        is_attribute_current_fallback
    from ranked_readings
    where reading_rank = 1
)

select * from final
