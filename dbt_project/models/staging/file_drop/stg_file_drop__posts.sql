-- grain: source instance x network x scope of ids x post
with current_rows as (
    {{ newest_file_rows(source('file_drop', 'posts')) }}
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
        ['source_instance', 'network', 'scope', 'post_id'],
        tie_breakers=['_source_file', '_record_number'],
    ) }}
),

final as (
    select
        brand_id,
        source_instance,
        cast(2 as bigint) as source_rank,
        network,
        scope as id_scope,
        account_id,
        post_id,
        cast(null as boolean) as is_own,
        cast(posted_at as timestamp) as posted_at,
        post_format,
        caption,
        permalink,
        cast(deleted_at as timestamp) as deleted_at,
        cast(null as timestamp) as last_seen_at,
        cast(null as timestamp) as watched_until,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
)

select * from final
