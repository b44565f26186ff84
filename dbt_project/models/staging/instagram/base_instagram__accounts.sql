-- grain: source instance x account x reading
with newest as (
    {{ newest_version(source('instagram', 'accounts'), ['source_instance', 'account_id', '_observed_at']) }}
),

final as (
    select
        brand_id,
        source_instance,
        account_id,
        lower(username) as username,
        account_name,
        is_own,
        followers_count,
        follows_count,
        media_count,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
)

select * from final
