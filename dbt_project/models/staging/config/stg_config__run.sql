-- grain: one row, the run
with source as (
    select
        as_of,
        as_of_at,
        is_past,
        known_until,
        reporting_currency,
        horizon_months,
        discount_rate_year,
        silence_days,
        gap_multiple,
        attrition_horizon_days,
        probability_threshold,
        freshness_hours
    from {{ source('config', 'run') }}
),

final as (
    select
        cast(as_of as date) as as_of,
        cast(as_of_at as timestamp) as as_of_at,
        cast(is_past as boolean) as is_past,
        cast(known_until as timestamp) as known_until,
        cast(reporting_currency as string) as reporting_currency,
        cast(horizon_months as integer) as horizon_months,
        cast(discount_rate_year as double) as discount_rate_year,
        cast(silence_days as integer) as silence_days,
        cast(gap_multiple as double) as gap_multiple,
        cast(attrition_horizon_days as integer) as attrition_horizon_days,
        cast(probability_threshold as double) as probability_threshold,
        cast(freshness_hours as double) as freshness_hours
    from source
)

select * from final
