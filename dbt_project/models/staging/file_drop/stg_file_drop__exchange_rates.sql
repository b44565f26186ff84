-- grain: source instance x day x currency
with current_rows as (
    {{ newest_file_rows(source('file_drop', 'exchange_rates')) }}
),

newest as (
    {{ newest_version(
        'current_rows',
        ['source_instance', 'rate_date', 'currency'],
        tie_breakers=['_source_file', '_record_number'],
    ) }}
),

final as (
    select
        source_instance,
        brand_id,
        rate_date,
        currency,
        units_per_euro,
        cast(_observed_at as timestamp) as landed_at,
        is_attribute_current_fallback,
        _dlt_load_id
    from newest
)

select * from final
