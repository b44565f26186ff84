-- grain: source instance x refund x kind x refunded line, the version in force as of the run
with newest as (
    {{ newest_change(
        source('shopify', 'refunds'), ['source_instance', 'refund_id', 'refund_kind', 'line_id'], 'updated_at'
    ) }}
),

final as (
    select
        newest.brand_id,
        newest.source_instance,
        cast(1 as bigint) as source_rank,
        'shopify' as source_kind,
        newest.refund_id,
        newest.refund_kind,
        newest.order_id,
        newest.line_id,
        cast(newest.refunded_at as timestamp) as refunded_at,
        newest.currency,
        cast(newest.amount as decimal(18, 4)) as amount,
        cast(newest.tax_amount as decimal(18, 4)) as tax_amount,
        -- Shipping and gift cards are no part of net revenue, so what is refunded of them lessens nothing.
        newest.refund_kind <> 'shipping' and not coalesce(lines.is_gift_card, false) as is_of_sales,
        newest.is_attribute_current_fallback,
        cast(newest._observed_at as timestamp) as _observed_at,
        newest._dlt_load_id
    from newest
    left join {{ ref('base_shopify__order_lines') }} as lines
        on newest.source_instance = lines.source_instance
        and newest.order_id = lines.order_id
        and newest.line_id = lines.line_id
)

select * from final
