-- grain: source instance x order x line, as the newest file that has it says
{{ config(materialized='table') }}
with file_rows as (
    {{ newest_file_rows(source('file_drop', 'order_lines')) }}
),

newest as (
    {{ newest_version('file_rows', ['source_instance', 'order_id', 'line_id'], ['_source_file', '_record_number']) }}
),

final as (
    select
        brand_id,
        source_instance,
        order_id,
        line_id,
        product_id,
        quantity,
        cast(gross_amount as decimal(18, 4)) as gross_amount,
        cast(discount_amount as decimal(18, 4)) as discount_amount,
        cast(tax_amount as decimal(18, 4)) as tax_amount,
        currency,
        _source_file,
        _record_number,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id,
        is_attribute_current_fallback
    from newest
)

select * from final
