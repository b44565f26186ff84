-- grain: source instance x network x account x reading x window
with current_rows as (
    {{ newest_file_rows(source('file_drop', 'account_readings')) }}
),

newest as (
    {{ newest_version(
        'current_rows',
        ['source_instance', 'network', 'account_id', 'observed_at', 'window_days'],
        tie_breakers=['_source_file', '_record_number'],
    ) }}
),

final as (
    select
        source_instance,
        brand_id,
        network,
        account_id,
        username,
        cast(observed_at as timestamp) as observed_at,
        followers_count,
        posts_count,
        window_days,
        reach,
        impressions,
        cast(_observed_at as timestamp) as landed_at,
        is_attribute_current_fallback,
        _dlt_load_id
    from newest
)

select * from final
