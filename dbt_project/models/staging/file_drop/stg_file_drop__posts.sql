-- grain: source instance x network x post
with current_rows as (
    {{ newest_file_rows(source('file_drop', 'posts')) }}
),

newest as (
    {{ newest_version(
        'current_rows',
        ['source_instance', 'network', 'post_id'],
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
        cast(posted_at as timestamp) as posted_at,
        post_format,
        caption,
        permalink,
        cast(deleted_at as timestamp) as deleted_at,
        cast(_observed_at as timestamp) as landed_at,
        is_attribute_current_fallback,
        _dlt_load_id
    from newest
)

select * from final
