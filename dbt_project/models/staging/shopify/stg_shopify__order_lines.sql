-- grain: source instance x order line, of the same version as its order; amounts without tax
with stated as (
    select
        lines.*,
        cast(lines.quantity * lines.unit_price as decimal(18, 4)) as full_price_amount,
        cast(lines.quantity * lines.unit_price - coalesce(lines.discount_amount, 0) as decimal(18, 4)) as stated_amount,
        case
            when orders.is_tax_included then coalesce(lines.tax_amount, 0)
            when not orders.is_tax_included then 0
        end as included_tax_amount
    from {{ ref('base_shopify__order_lines') }} as lines
    left join {{ ref('base_shopify__orders') }} as orders
        on lines.source_instance = orders.source_instance
        and lines.order_id = orders.order_id
),

netted as (
    select
        stated.*,
        cast(stated.stated_amount - stated.included_tax_amount as decimal(18, 4)) as net_amount
    from stated
),

final as (
    select
        brand_id,
        source_instance,
        cast(1 as bigint) as source_rank,
        'shopify' as source_kind,
        order_id,
        line_id,
        product_id,
        is_gift_card,
        cast(quantity as bigint) as quantity,
        currency,
        {{ without_tax('full_price_amount', 'stated_amount', 'net_amount') }} as gross_amount,
        net_amount,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id
    from netted
)

select * from final
