-- grain: brand x cut-off x horizon x forecaster x metric x target x decile, by the newest backtest
{{ config(tags=['after_models']) }}
with ranked as (
    select
        brand_id,
        cut_off,
        horizon_days,
        model_id,
        forecaster,
        metric,
        target,
        decile,
        customers_count,
        value,
        _observed_at,
        _dlt_load_id,
        rank() over (
            partition by brand_id, cut_off, horizon_days
            order by _observed_at desc, _dlt_load_id desc
        ) as load_rank
    from {{ source('models', 'value_backtest') }}
    where as_of <= {{ run_setting('as_of') }}
),

final as (
    select
        brand_id,
        cut_off,
        horizon_days,
        model_id,
        forecaster,
        metric,
        target,
        decile,
        customers_count,
        value,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from ranked
    where load_rank = 1
)

select * from final
