-- grain: source instance x order that has lines; sums as the source states them
with shop_lines as (
    select
        source_instance,
        order_id,
        cast(count(*) as bigint) as lines_count,
        cast(sum(quantity) as bigint) as units_count,
        cast(sum(case when is_gift_card then 0 else quantity * unit_price end) as decimal(18, 4)) as gross_amount,
        cast(sum(case when is_gift_card then 0 else discount_amount end) as decimal(18, 4)) as discount_amount,
        cast(sum(case when is_gift_card then quantity * unit_price else 0 end) as decimal(18, 4)) as gift_card_amount,
        cast(sum(tax_amount) as decimal(18, 4)) as tax_amount,
        cast(null as string) as source_file
    from {{ ref('stg_shopify__order_lines') }}
    group by source_instance, order_id
),

file_lines as (
    select
        source_instance,
        order_id,
        cast(count(*) as bigint) as lines_count,
        cast(sum(quantity) as bigint) as units_count,
        cast(sum(gross_amount) as decimal(18, 4)) as gross_amount,
        cast(sum(coalesce(discount_amount, 0)) as decimal(18, 4)) as discount_amount,
        cast(0 as decimal(18, 4)) as gift_card_amount,
        cast(sum(tax_amount) as decimal(18, 4)) as tax_amount,
        min(_source_file) as source_file
    from {{ ref('stg_file_drop__order_lines') }}
    group by source_instance, order_id
),

final as (
    select
        source_instance,
        order_id,
        lines_count,
        units_count,
        gross_amount,
        discount_amount,
        gift_card_amount,
        tax_amount,
        source_file
    from shop_lines
    union all
    select
        source_instance,
        order_id,
        lines_count,
        units_count,
        gross_amount,
        discount_amount,
        gift_card_amount,
        tax_amount,
        source_file
    from file_lines
)

select * from final
