-- grain: day x currency, with days without publication carried forward
with run as (
    select
        as_of,
        reporting_currency
    from {{ ref('stg_config__run') }}
),

ranked_rates as (
    select
        rates.rate_on,
        rates.currency,
        rates.units_per_euro,
        rates.source_instance,
        row_number() over (
            partition by rates.rate_on, rates.currency
            order by
                rates.source_rank asc,
                rates._observed_at desc,
                rates._dlt_load_id desc,
                rates.source_instance asc
        ) as rate_rank
    from {{ ref('int_exchange_rates') }} as rates
    cross join run
    where rates.rate_on <= run.as_of and rates.units_per_euro > 0
),

euro_rates as (
    select
        rate_on,
        currency,
        units_per_euro,
        source_instance
    from ranked_rates
    where rate_rank = 1 and currency != 'EUR'
    union all
    select distinct
        rate_on,
        'EUR' as currency,
        cast(1 as decimal(18, 8)) as units_per_euro,
        cast(null as string) as source_instance
    from ranked_rates
),

published as (
    select
        foreign_rates.rate_on,
        foreign_rates.currency,
        cast(foreign_rates.units_per_euro as double) / cast(base_rates.units_per_euro as double) as units_per_reporting,
        foreign_rates.source_instance,
        lead(foreign_rates.rate_on) over (
            partition by foreign_rates.currency
            order by foreign_rates.rate_on
        ) as next_rate_on
    from euro_rates as foreign_rates
    inner join euro_rates as base_rates on foreign_rates.rate_on = base_rates.rate_on
    inner join run
        on base_rates.currency = run.reporting_currency
        and foreign_rates.currency != run.reporting_currency
),

-- The longest gap between publications is the five days around Easter; a week without one is a missing rate.
lifetimes as (
    select
        published.rate_on,
        published.currency,
        published.units_per_reporting,
        published.source_instance,
        least(
            {{ date_plus('published.rate_on', 7) }},
            coalesce({{ date_plus('published.next_rate_on', -1) }}, run.as_of),
            run.as_of
        ) as last_day
    from published
    cross join run
),

carried as (
    select
        {{ spine_days('rate_on', 'last_day') }} as rate_on,
        currency,
        units_per_reporting,
        rate_on as published_on,
        source_instance
    from lifetimes
),

reporting_days as (
    select
        {{ spine_days("date '2000-01-01'", 'as_of') }} as rate_on,
        reporting_currency as currency
    from run
),

rates as (
    select
        rate_on,
        currency,
        units_per_reporting,
        published_on,
        rate_on != published_on as is_carried_forward,
        source_instance
    from carried
    union all
    select
        rate_on,
        currency,
        cast(1 as double) as units_per_reporting,
        rate_on as published_on,
        false as is_carried_forward,
        cast(null as string) as source_instance
    from reporting_days
),

final as (
    select
        rates.rate_on,
        rates.currency,
        run.reporting_currency,
        cast(rates.units_per_reporting as decimal(28, 12)) as units_per_reporting,
        rates.published_on,
        rates.is_carried_forward,
        rates.source_instance
    from rates
    cross join run
)

select * from final
