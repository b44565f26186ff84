-- grain: brand x as_of x model_name x parameter, by the newest model of the brand and day
{{ config(tags=['after_models']) }}
with ranked as (
    select
        brand_id,
        as_of,
        model_id,
        model_name,
        parameter,
        estimate,
        standard_error,
        log_likelihood,
        customers_count,
        orders_count,
        step,
        is_eligible,
        reason,
        _observed_at,
        _dlt_load_id,
        rank() over (
            partition by brand_id, as_of
            order by _observed_at desc, _dlt_load_id desc
        ) as load_rank
    from {{ source('models', 'value_model') }}
    where as_of <= {{ run_setting('as_of') }}
),

final as (
    select
        brand_id,
        as_of,
        model_id,
        model_name,
        parameter,
        estimate,
        standard_error,
        log_likelihood,
        customers_count,
        orders_count,
        step,
        is_eligible,
        reason,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from ranked
    where load_rank = 1
)

select * from final
