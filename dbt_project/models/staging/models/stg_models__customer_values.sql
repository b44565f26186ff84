-- grain: brand x customer x as_of, by the newest model of the brand and day
{{ config(tags=['after_models']) }}
with ranked as (
    select
        brand_id,
        customer_key,
        as_of,
        model_id,
        horizon_months,
        discount_rate_year,
        repeat_orders_count,
        recency_days,
        age_days,
        mean_order_value,
        probability_alive,
        expected_orders,
        predicted_value,
        predicted_value_low,
        predicted_value_high,
        attrition_horizon_days,
        probability_no_purchase,
        _observed_at,
        _dlt_load_id,
        rank() over (
            partition by brand_id, as_of
            order by _observed_at desc, _dlt_load_id desc
        ) as load_rank
    from {{ source('models', 'customer_value') }}
    where as_of <= {{ run_setting('as_of') }}
),

final as (
    select
        brand_id,
        customer_key,
        as_of,
        model_id,
        horizon_months,
        discount_rate_year,
        repeat_orders_count,
        recency_days,
        age_days,
        mean_order_value,
        probability_alive,
        expected_orders,
        predicted_value,
        predicted_value_low,
        predicted_value_high,
        attrition_horizon_days,
        probability_no_purchase,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from ranked
    where load_rank = 1
)

select * from final
