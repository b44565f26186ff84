-- grain: brand x as_of x model_name x parameter
with final as (
    select
        models.brand_id,
        models.as_of,
        models.as_of = run.as_of as is_current,
        models.model_id,
        models.model_name,
        models.parameter,
        models.estimate,
        models.standard_error,
        models.log_likelihood,
        cast(models.customers_count as bigint) as customers_count,
        cast(models.orders_count as bigint) as orders_count,
        models.step,
        models.is_eligible,
        models.reason
    from {{ ref('stg_models__value_models') }} as models
    cross join {{ ref('stg_config__run') }} as run
)

select * from final
