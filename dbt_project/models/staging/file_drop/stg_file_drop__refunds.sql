-- grain: source instance x refund, as the newest file that has it says
with file_rows as (
    {{ newest_file_rows(source('file_drop', 'refunds')) }}
),

newest as (
    {{ newest_version('file_rows', ['source_instance', 'refund_id'], ['_source_file', '_record_number']) }}
),

final as (
    select
        brand_id,
        source_instance,
        cast(2 as bigint) as source_rank,
        'file_drop' as source_kind,
        refund_id,
        case when line_id is null then 'adjustment' else 'line' end as refund_kind,
        order_id,
        line_id,
        cast(refunded_at as timestamp) as refunded_at,
        currency,
        cast(amount as decimal(18, 4)) as amount,
        cast(tax_amount as decimal(18, 4)) as tax_amount,
        true as is_of_sales,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
)

select * from final
