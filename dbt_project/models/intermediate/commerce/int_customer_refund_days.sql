-- grain: customer x day of orders (brand's time zone) x day on which revenue of them was taken back
with final as (
    select
        brand_id,
        customer_key,
        ordered_on,
        refunded_on,
        cast(sum(net_amount_reporting) as double) as refunded_revenue
    from {{ ref('int_refunds_priced') }}
    where is_revenue_refund and customer_key is not null
    group by brand_id, customer_key, ordered_on, refunded_on
)

select * from final
