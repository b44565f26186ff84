-- Opening and orders less refunds is closing in every row; over all customers a month opens as the one before it closed.
with months as (
    select
        brand_id,
        month,
        segment_type,
        segment,
        opening_net_revenue,
        order_revenue,
        refunded_revenue,
        closing_net_revenue,
        lag(closing_net_revenue) over (
            partition by brand_id, segment_type, segment
            order by month
        ) as last_closing_net_revenue
    from {{ ref('mart_lifetime_value_monthly') }}
)

select
    brand_id,
    month,
    segment_type,
    segment
from months
where
    opening_net_revenue + order_revenue - refunded_revenue <> closing_net_revenue
    or (segment_type = 'all' and opening_net_revenue <> coalesce(last_closing_net_revenue, 0))
