-- grain: source instance x product that was sold, as its newest order line calls it
with ranked as (
    select
        brand_id,
        source_instance,
        product_id,
        product_title,
        product_type,
        sku,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id,
        row_number() over (
            partition by source_instance, product_id
            order by updated_at desc, order_id desc, line_id desc
        ) as newest_rank
    from {{ ref('base_shopify__order_lines') }}
    where product_id is not null
),

final as (
    select
        brand_id,
        source_instance,
        cast(1 as bigint) as source_rank,
        'shopify' as source_kind,
        product_id,
        product_title,
        product_type,
        sku,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id
    from ranked
    where newest_rank = 1
)

select * from final
