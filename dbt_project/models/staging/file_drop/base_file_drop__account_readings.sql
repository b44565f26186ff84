-- grain: source instance x network x scope of ids x account x reading x window
with current_rows as (
    {{ newest_file_rows(source('file_drop', 'account_readings')) }}
),

scoped as (
    select
        current_rows.*,
        coalesce(current_rows.id_scope, '') as scope
    from current_rows
),

newest as (
    {{ newest_version(
        'scoped',
        ['source_instance', 'network', 'scope', 'account_id', 'observed_at', 'window_days'],
        tie_breakers=['_source_file', '_record_number'],
    ) }}
),

final as (
    select
        brand_id,
        source_instance,
        network,
        scope as id_scope,
        account_id,
        lower(username) as username,
        cast(observed_at as timestamp) as observed_at,
        followers_count,
        posts_count,
        window_days,
        reach,
        impressions,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
)

select * from final
