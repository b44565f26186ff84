-- grain: product of a source instance
with sold_products as (
    select
        brand_id,
        source_instance,
        product_id,
        product_title,
        product_type,
        sku,
        row_number() over (
            partition by source_instance, product_id
            order by updated_at desc, order_id desc, line_id desc
        ) as newest_rank
    from {{ ref('stg_shopify__order_lines') }}
    where product_id is not null
),

unlisted_products as (
    select distinct
        lines.brand_id,
        lines.source_instance,
        lines.product_id
    from {{ ref('stg_file_drop__order_lines') }} as lines
    left join {{ ref('stg_file_drop__products') }} as listed
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
    from sold_products
    where newest_rank = 1
    union all
    select
        brand_id,
        source_instance,
        product_id,
        product_title,
        product_type,
        sku
    from {{ ref('stg_file_drop__products') }}
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
