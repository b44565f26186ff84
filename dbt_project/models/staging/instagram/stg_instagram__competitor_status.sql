-- grain: source instance x handle
with newest as (
    {{ newest_version(source('instagram', 'competitor_status'), ['source_instance', 'username']) }}
),

final as (
    select
        source_instance,
        brand_id,
        username,
        status,
        reason,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as observed_at,
        _dlt_load_id
    from newest
)

select * from final
