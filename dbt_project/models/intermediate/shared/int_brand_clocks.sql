-- grain: brand, with the end of what the run may see of it
-- A run for a past day sees the brand's own days up to it, so that a month closes where the brand's month ends.
with bounds as (
    select
        brands.brand_id,
        brands.timezone,
        run.as_of,
        run.reporting_currency,
        {{ visible_until('run', 'brands.timezone') }} as visible_until
    from {{ ref('stg_config__brands') }} as brands
    cross join {{ ref('stg_config__run') }} as run
),

local_days as (
    select
        brand_id,
        timezone,
        as_of,
        reporting_currency,
        visible_until,
        cast({{ utc_to_local('visible_until', 'timezone') }} as date) as local_day,
        cast({{ utc_to_local("visible_until - interval '1' second", 'timezone') }} as date) as day_of_last_second
    from bounds
),

final as (
    select
        brand_id,
        timezone,
        as_of,
        reporting_currency,
        visible_until,
        -- The bound itself is not seen: a day that begins with it has not begun.
        case
            when {{ local_to_utc('local_day', 'timezone') }} < visible_until then local_day
            else {{ date_plus('local_day', -1) }}
        end as last_day,
        -- At midnight it is still the day that just ended.
        greatest(least(as_of, local_day), day_of_last_second) as running_day
    from local_days
)

select * from final
