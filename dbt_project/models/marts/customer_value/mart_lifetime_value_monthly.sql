-- grain: brand x month x segment_type x segment
with customer_months as (
    select
        months.brand_id,
        months.month,
        months.as_of_day,
        months.is_complete,
        months.age_months,
        customers.country_code,
        customers.acquisition_channel,
        months.value_band,
        months.month_orders_count,
        months.month_order_revenue,
        months.month_refunded_revenue,
        months.historic_net_revenue,
        expectations.predicted_value,
        expectations.expected_orders,
        lag(expectations.predicted_value) over (
            partition by months.customer_key order by months.month
        ) as opening_predicted_value
    from {{ ref('int_customer_months') }} as months
    inner join {{ ref('int_customers') }} as customers
        on months.customer_key = customers.customer_key
    left join {{ ref('stg_models__customer_values') }} as expectations
        on months.customer_key = expectations.customer_key
        and months.as_of_day = expectations.as_of
),

segmented as (
    {{ segments_of('customer_months', [
        'brand_id', 'month', 'as_of_day', 'is_complete', 'age_months', 'month_orders_count', 'month_order_revenue',
        'month_refunded_revenue', 'historic_net_revenue', 'predicted_value', 'expected_orders',
        'opening_predicted_value'
    ]) }}
),

final as (
    select
        brand_id,
        month,
        segment_type,
        segment,
        cast(count(*) as bigint) as customers_count,
        cast(count(case when age_months = 0 then 1 end) as bigint) as new_customers_count,
        cast(sum(month_orders_count) as bigint) as orders_count,
        cast(
            sum(historic_net_revenue - month_order_revenue + month_refunded_revenue) as decimal(18, 4)
        ) as opening_net_revenue,
        cast(sum(month_order_revenue) as decimal(18, 4)) as order_revenue,
        cast(sum(month_refunded_revenue) as decimal(18, 4)) as refunded_revenue,
        cast(sum(historic_net_revenue) as decimal(18, 4)) as closing_net_revenue,
        cast(count(predicted_value) as bigint) as predicted_customers_count,
        {{ sum_exact('opening_predicted_value') }} as opening_predicted_value,
        {{ sum_exact('predicted_value') }} as closing_predicted_value,
        {{ sum_exact('expected_orders') }} as expected_orders,
        is_complete,
        as_of_day as as_of
    from segmented
    group by brand_id, month, segment_type, segment, is_complete, as_of_day
)

select * from final
