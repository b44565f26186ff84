-- grain: day x currency
with final as (
    select
        rate_on,
        currency,
        reporting_currency,
        units_per_reporting,
        published_on,
        is_carried_forward,
        source_instance,
        {{ run_setting('as_of') }} as as_of
    from {{ ref('int_fx_rates') }}
)

select * from final
