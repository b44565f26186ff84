-- grain: product of a source instance
with unlisted_products as (
    select distinct
        lines.brand_id,
        lines.source_instance,
        lines.product_id
    from {{ ref('int_order_lines') }} as lines
    left join {{ ref('int_products') }} as listed
        on lines.source_instance = listed.source_instance
        and lines.product_id = listed.product_id
    where lines.product_id is not null and listed.product_id is null
),

products as (
    select
        brand_id,
        source_instance,
        product_id,
        product_title,
        product_type,
        sku
    from {{ ref('int_products') }}
    union all
    select
        brand_id,
        source_instance,
        product_id,
        cast(null as string) as product_title,
        cast(null as string) as product_type,
        cast(null as string) as sku
    from unlisted_products
),

final as (
    select
        {{ surrogate_key(['brand_id', 'source_instance', 'product_id']) }} as product_key,
        brand_id,
        source_instance,
        product_id,
        product_title,
        product_type,
        sku,
        {{ run_setting('as_of') }} as as_of
    from products
)

select * from final
