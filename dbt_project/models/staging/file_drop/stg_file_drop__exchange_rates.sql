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
        brand_id,
        source_instance,
        cast(2 as bigint) as source_rank,
        rate_date as rate_on,
        currency,
        units_per_euro,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
)

select * from final
