-- grain: source instance x network x post x reading
with current_rows as (
    {{ newest_file_rows(source('file_drop', 'post_readings')) }}
),

newest as (
    {{ newest_version(
        'current_rows',
        ['source_instance', 'network', 'post_id', 'observed_at'],
        tie_breakers=['_source_file', '_record_number'],
    ) }}
),

final as (
    select
        source_instance,
        brand_id,
        network,
        account_id,
        post_id,
        cast(observed_at as timestamp) as observed_at,
        impressions,
        reach,
        reactions,
        comments,
        shares,
        saves,
        link_clicks,
        profile_visits,
        cast(_observed_at as timestamp) as landed_at,
        is_attribute_current_fallback,
        _dlt_load_id
    from newest
)

select * from final
