-- grain: customer with a revenue order x as_of
with final as (
    select
        months.brand_id,
        months.customer_key,
        months.as_of_day as as_of,
        months.as_of_day = run.as_of as is_current,
        run.reporting_currency,
        cast(expectations.horizon_months as bigint) as horizon_months,
        expectations.discount_rate_year,
        months.first_order_on,
        months.last_order_on,
        months.orders_count as historic_orders_count,
        months.historic_net_revenue,
        expectations.expected_orders,
        expectations.predicted_value,
        expectations.predicted_value_low,
        expectations.predicted_value_high,
        cast(months.historic_net_revenue as double) + expectations.predicted_value as lifetime_value,
        expectations.probability_alive,
        coalesce(customers.country_code, 'unknown') as country_code,
        coalesce(customers.acquisition_channel, 'unknown') as acquisition_channel,
        {{ month_start('months.acquired_on') }} as acquisition_month,
        coalesce(months.value_band, 'unknown') as value_band,
        expectations.model_id
    from {{ ref('int_customer_months') }} as months
    inner join {{ ref('int_customers') }} as customers
        on months.customer_key = customers.customer_key
    left join {{ ref('stg_models__customer_values') }} as expectations
        on months.customer_key = expectations.customer_key
        and months.as_of_day = expectations.as_of
    cross join {{ ref('stg_config__run') }} as run
)

select * from final
