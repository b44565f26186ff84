-- grain: source instance x order line, of the same version as its order; of an unknown order the newest of each line
{{ config(materialized='table') }}
with orders as (
    select
        source_instance,
        order_id,
        updated_at
    from {{ ref('base_shopify__orders') }}
),

-- Lines land with every version of their order, stamped with its time.
versions as (
    select
        lines.*,
        orders.updated_at is not null as is_order_known,
        min(lines.updated_at) over (partition by lines.source_instance, lines.order_id) as version_at
    from {{ source('shopify', 'order_lines') }} as lines
    left join orders
        on lines.source_instance = orders.source_instance
        and lines.order_id = orders.order_id
    where orders.updated_at is null or cast(lines.updated_at as timestamp) >= orders.updated_at
),

of_the_order as (
    select *
    from versions
    where not is_order_known or updated_at = version_at
),

newest as (
    {{ newest_change('of_the_order', ['source_instance', 'order_id', 'line_id'], 'updated_at') }}
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
        coalesce(newest.is_gift_card, false) as is_gift_card,
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
)

select * from final
