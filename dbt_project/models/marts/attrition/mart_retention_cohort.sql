-- grain: brand x acquisition month x age in months
with customer_months as (
    select
        brand_id,
        {{ month_start('acquired_on') }} as acquisition_month,
        {{ months_between('acquired_on', 'month') }} as age_months,
        month,
        is_complete,
        month_orders_count,
        month_order_revenue - month_refunded_revenue as month_net_revenue,
        historic_net_revenue
    from {{ ref('int_customer_months') }}
    where has_begun and month >= {{ month_start('acquired_on') }}
),

cohorts as (
    select
        brand_id,
        acquisition_month,
        age_months,
        month,
        is_complete,
        cast(count(*) as bigint) as customers_count,
        cast(count(case when month_orders_count > 0 then 1 end) as bigint) as active_customers_count,
        -- An order before the first one kept belongs to what led to it, as does its refund.
        cast(
            sum(case when age_months = 0 then historic_net_revenue else month_net_revenue end) as decimal(18, 4)
        ) as net_revenue,
        cast(sum(historic_net_revenue) as decimal(18, 4)) as cumulative_net_revenue
    from customer_months
    group by brand_id, acquisition_month, age_months, month, is_complete
),

final as (
    select
        brand_id,
        acquisition_month,
        age_months,
        month,
        customers_count,
        case when is_complete then active_customers_count end as active_customers_count,
        case when is_complete then {{ safe_ratio('active_customers_count', 'customers_count') }} end as retention_rate,
        case when is_complete then net_revenue end as net_revenue,
        case when is_complete then cumulative_net_revenue end as cumulative_net_revenue,
        is_complete,
        {{ run_setting('as_of') }} as as_of
    from cohorts
)

select * from final
