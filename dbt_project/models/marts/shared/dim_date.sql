-- grain: day
with run as (
    select as_of from {{ ref('stg_config__run') }}
),

days as (
    select
        {{ spine_days("date '2000-01-01'", "date '2040-12-31'") }} as date_day,
        as_of
    from run
),

final as (
    select
        date_day,
        cast(extract(year from date_day) as int) as year_number,
        cast(extract(quarter from date_day) as int) as quarter_number,
        cast(extract(month from date_day) as int) as month_number,
        {{ weekday_iso('date_day') }} as weekday_number,
        {{ weekday_name(weekday_iso('date_day')) }} as weekday_name,
        {{ weekday_iso('date_day') }} >= 6 as is_weekend,
        cast(date_trunc('month', date_day) as date) as month_start_on,
        cast(last_day(date_day) as date) as month_end_on,
        cast(date_trunc('quarter', date_day) as date) as quarter_start_on,
        cast(date_trunc('year', date_day) as date) as year_start_on,
        {{ week_start('date_day', "'monday'") }} as week_start_monday_on,
        {{ week_start('date_day', "'sunday'") }} as week_start_sunday_on,
        date_day > as_of as is_future,
        as_of
    from days
)

select * from final
