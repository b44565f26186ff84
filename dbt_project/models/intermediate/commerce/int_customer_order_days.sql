-- grain: customer x day (brand's time zone) with at least one revenue order; before refunds and later cancellations
with final as (
    select
        brand_id,
        customer_key,
        ordered_on,
        cast(count(*) as bigint) as orders_count,
        cast(sum(net_amount_reporting) as double) as net_revenue
    from {{ ref('int_orders_priced') }}
    where is_revenue_order and customer_key is not null
    group by brand_id, customer_key, ordered_on
)

select * from final
