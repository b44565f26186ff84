-- grain: source instance x product, as the newest file that has it says
with file_rows as (
    {{ newest_file_rows(source('file_drop', 'products')) }}
),

newest as (
    {{ newest_version('file_rows', ['source_instance', 'product_id'], ['_source_file', '_record_number']) }}
),

final as (
    select
        brand_id,
        source_instance,
        cast(2 as bigint) as source_rank,
        'file_drop' as source_kind,
        product_id,
        product_title,
        product_type,
        sku,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
)

select * from final
