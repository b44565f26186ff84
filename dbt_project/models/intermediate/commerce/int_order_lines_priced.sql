-- grain: line of an order that the run may see, or of an order that is unknown; amounts without tax
-- A view: only fct_order_line reads it, and a copy of every line would double the time.
{{ config(materialized='view') }}
with later_orders as (
    select
        orders.source_instance,
        orders.order_id
    from {{ ref('int_orders') }} as orders
    inner join {{ ref('int_brand_clocks') }} as clocks
        on orders.brand_id = clocks.brand_id
    where orders.ordered_at >= clocks.visible_until
),

placed as (
    select
        lines.brand_id,
        lines.source_instance,
        lines.order_id,
        lines.line_id,
        lines.product_id,
        orders.order_key,
        orders.customer_key,
        orders.ordered_on,
        coalesce(orders.is_revenue_order, false) and not lines.is_gift_card as is_revenue_order,
        lines.quantity,
        lines.currency,
        orders.fx_rate,
        lines.gross_amount,
        lines.net_amount
    from {{ ref('int_order_lines') }} as lines
    left join {{ ref('int_orders_priced') }} as orders
        on lines.source_instance = orders.source_instance
        and lines.order_id = orders.order_id
    left join later_orders
        on lines.source_instance = later_orders.source_instance
        and lines.order_id = later_orders.order_id
    where later_orders.order_id is null
),

final as (
    select
        coalesce(order_key, {{ surrogate_key(['brand_id', 'source_instance', 'order_id']) }}) as order_key,
        brand_id,
        source_instance,
        order_id,
        line_id,
        product_id,
        customer_key,
        ordered_on,
        is_revenue_order,
        quantity,
        currency,
        gross_amount,
        cast(gross_amount - net_amount as decimal(18, 4)) as discount_amount,
        net_amount,
        {{ to_reporting('net_amount', 'fx_rate') }} as net_amount_reporting
    from placed
)

select * from final
