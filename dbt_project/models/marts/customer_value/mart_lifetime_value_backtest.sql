-- grain: brand x cut-off x horizon x forecaster x metric x target x decile
with final as (
    select
        brand_id,
        cut_off,
        cast(horizon_days as bigint) as horizon_days,
        model_id,
        forecaster,
        forecaster not in ('bg_nbd', 'pareto_nbd') as is_baseline,
        target,
        metric,
        cast(decile as bigint) as decile,
        cast(customers_count as bigint) as customers_count,
        value
    from {{ ref('stg_models__value_backtests') }}
)

select * from final
