-- grain: customer x as_of
with final as (
    select
        expectations.brand_id,
        expectations.customer_key,
        expectations.as_of,
        expectations.as_of = run.as_of as is_current,
        cast(expectations.attrition_horizon_days as bigint) as attrition_horizon_days,
        expectations.probability_no_purchase,
        1 - expectations.probability_no_purchase < run.probability_threshold as is_at_risk,
        expectations.probability_alive,
        months.days_since_last_order,
        months.usual_gap_days,
        months.net_revenue_365_days,
        cast(months.net_revenue_365_days as double) * expectations.probability_no_purchase as revenue_at_risk,
        coalesce(customers.country_code, 'unknown') as country_code,
        coalesce(customers.acquisition_channel, 'unknown') as acquisition_channel,
        coalesce(months.value_band, 'unknown') as value_band,
        expectations.model_id
    from {{ ref('stg_models__customer_values') }} as expectations
    inner join {{ ref('int_customer_months') }} as months
        on expectations.customer_key = months.customer_key
        and expectations.as_of = months.as_of_day
    inner join {{ ref('int_customers') }} as customers
        on expectations.customer_key = customers.customer_key
    cross join {{ ref('stg_config__run') }} as run
)

select * from final
