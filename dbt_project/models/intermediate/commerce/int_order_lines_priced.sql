-- grain: line of an order that the run may see, or of an order that is unknown; amounts without tax
-- A view: only fct_order_line reads it, and a copy of every line would double the time.
{{ config(materialized='view') }}
with shop_lines as (
    select
        lines.brand_id,
        lines.source_instance,
        lines.order_id,
        lines.line_id,
        lines.product_id,
        lines.is_gift_card,
        lines.quantity,
        lines.currency,
        cast(lines.quantity * lines.unit_price as decimal(18, 4)) as stated_gross_amount,
        cast(lines.quantity * lines.unit_price - coalesce(lines.discount_amount, 0) as decimal(18, 4)) as stated_amount,
        case
            when not orders.is_tax_included then cast(0 as decimal(18, 4))
            when orders.is_tax_included then coalesce(lines.tax_amount, 0)
        end as included_tax_amount
    from {{ ref('stg_shopify__order_lines') }} as lines
    left join {{ ref('stg_shopify__orders') }} as orders
        on lines.source_instance = orders.source_instance
        and lines.order_id = orders.order_id
),

file_lines as (
    select
        brand_id,
        source_instance,
        order_id,
        line_id,
        product_id,
        false as is_gift_card,
        quantity,
        currency,
        gross_amount as stated_gross_amount,
        cast(gross_amount - coalesce(discount_amount, 0) as decimal(18, 4)) as stated_amount,
        cast(0 as decimal(18, 4)) as included_tax_amount
    from {{ ref('stg_file_drop__order_lines') }}
),

{% set columns -%}
brand_id, source_instance, order_id, line_id, product_id, is_gift_card, quantity, currency, stated_gross_amount,
        stated_amount, included_tax_amount
{%- endset -%}

all_lines as (
    select
        {{ columns }}
    from shop_lines
    union all
    select
        {{ columns }}
    from file_lines
),

all_orders as (
    select
        brand_id,
        source_instance,
        order_id,
        ordered_at
    from {{ ref('stg_shopify__orders') }}
    union all
    select
        brand_id,
        source_instance,
        order_id,
        ordered_at
    from {{ ref('stg_file_drop__orders') }}
),

later_orders as (
    select
        all_orders.source_instance,
        all_orders.order_id
    from all_orders
    inner join {{ ref('int_brand_clocks') }} as clocks
        on all_orders.brand_id = clocks.brand_id
    where all_orders.ordered_at >= clocks.visible_until
),

netted as (
    select
        all_lines.brand_id,
        all_lines.source_instance,
        all_lines.order_id,
        all_lines.line_id,
        all_lines.product_id,
        orders.order_key,
        orders.customer_key,
        orders.ordered_on,
        coalesce(orders.is_revenue_order, false) and not all_lines.is_gift_card as is_revenue_order,
        all_lines.quantity,
        all_lines.currency,
        orders.fx_rate,
        all_lines.stated_gross_amount,
        all_lines.stated_amount,
        cast(all_lines.stated_amount - all_lines.included_tax_amount as decimal(18, 4)) as net_amount
    from all_lines
    left join {{ ref('int_orders_priced') }} as orders
        on all_lines.source_instance = orders.source_instance
        and all_lines.order_id = orders.order_id
    left join later_orders
        on all_lines.source_instance = later_orders.source_instance
        and all_lines.order_id = later_orders.order_id
    where later_orders.order_id is null
),

split as (
    select
        brand_id,
        source_instance,
        order_id,
        line_id,
        product_id,
        order_key,
        customer_key,
        ordered_on,
        is_revenue_order,
        quantity,
        currency,
        fx_rate,
        case
            when stated_amount = 0 or stated_amount = net_amount then stated_gross_amount
            else cast(
                round(
                    cast(stated_gross_amount as double) * cast(net_amount as double)
                    / nullif(cast(stated_amount as double), 0), 4
                ) as decimal(18, 4)
            )
        end as gross_amount,
        net_amount
    from netted
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
        cast(quantity as bigint) as quantity,
        currency,
        cast(gross_amount as decimal(18, 4)) as gross_amount,
        cast(gross_amount - net_amount as decimal(18, 4)) as discount_amount,
        net_amount,
        {{ to_reporting('net_amount', 'fx_rate') }} as net_amount_reporting
    from split
)

select * from final
