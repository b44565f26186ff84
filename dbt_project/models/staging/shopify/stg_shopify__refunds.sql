-- grain: source instance x refund x kind x refunded line, the version in force as of the run
with newest as (
    {{ newest_change(
        source('shopify', 'refunds'), ['source_instance', 'refund_id', 'refund_kind', 'line_id'], 'updated_at'
    ) }}
),

final as (
    select
        brand_id,
        source_instance,
        refund_id,
        order_id,
        refund_kind,
        line_id,
        cast(refunded_at as timestamp) as refunded_at,
        quantity,
        cast(amount as decimal(18, 4)) as amount,
        cast(tax_amount as decimal(18, 4)) as tax_amount,
        currency,
        cast(updated_at as timestamp) as updated_at,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id,
        is_attribute_current_fallback
    from newest
)

select * from final
