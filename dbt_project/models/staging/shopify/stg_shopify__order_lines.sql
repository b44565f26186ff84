-- grain: source instance x order line; lines that the newest version of the order no longer has are left out
with newest as (
    {{ newest_version(source('shopify', 'order_lines'), ['source_instance', 'order_id', 'line_id'], ['updated_at']) }}
),

orders as (
    select
        source_instance,
        order_id,
        updated_at
    from {{ ref('stg_shopify__orders') }}
),

final as (
    select
        newest.brand_id,
        newest.source_instance,
        newest.order_id,
        newest.line_id,
        newest.product_id,
        newest.product_title,
        newest.product_type,
        newest.sku,
        newest.quantity,
        cast(newest.unit_price as decimal(18, 4)) as unit_price,
        cast(newest.discount_amount as decimal(18, 4)) as discount_amount,
        cast(newest.tax_amount as decimal(18, 4)) as tax_amount,
        newest.currency,
        cast(newest.updated_at as timestamp) as updated_at,
        cast(newest._observed_at as timestamp) as _observed_at,
        newest._dlt_load_id,
        newest.is_attribute_current_fallback
    from newest
    left join orders
        on newest.source_instance = orders.source_instance
        and newest.order_id = orders.order_id
    where orders.updated_at is null or cast(newest.updated_at as timestamp) >= orders.updated_at
)

select * from final
