-- What customers brought to date is what their orders brought less what refunds took back, to the cent.
with ordered as (
    select
        brand_id,
        cast(sum(net_revenue) as decimal(18, 4)) as amount
    from {{ ref('fct_order') }}
    where customer_key is not null
    group by brand_id
),

refunded as (
    select
        brand_id,
        cast(sum(refunded_revenue) as decimal(18, 4)) as amount
    from {{ ref('fct_refund') }}
    where customer_key is not null
    group by brand_id
),

customers as (
    select
        brand_id,
        cast(sum(historic_net_revenue) as decimal(18, 4)) as amount
    from {{ ref('mart_customer_lifetime_value') }}
    where is_current
    group by brand_id
)

select
    ordered.brand_id,
    ordered.amount as ordered_amount,
    refunded.amount as refunded_amount,
    customers.amount as customers_amount
from ordered
left join refunded
    on ordered.brand_id = refunded.brand_id
left join customers
    on ordered.brand_id = customers.brand_id
where abs(coalesce(customers.amount, 0) - ordered.amount + coalesce(refunded.amount, 0)) > 0.01
