-- grain: source instance x order x line, as the newest file that has it says
with final as (
    select
        brand_id,
        source_instance,
        cast(2 as bigint) as source_rank,
        'file_drop' as source_kind,
        order_id,
        line_id,
        product_id,
        false as is_gift_card,
        quantity,
        currency,
        gross_amount,
        cast(gross_amount - coalesce(discount_amount, 0) as decimal(18, 4)) as net_amount,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id
    from {{ ref('base_file_drop__order_lines') }}
)

select * from final
