-- grain: source instance x object type x metric x reading
with newest as (
    {{ newest_version(
        source('instagram', 'metric_status'),
        ['source_instance', 'object_type', 'metric', '_observed_at'],
    ) }}
),

final as (
    select
        brand_id,
        source_instance,
        object_type,
        metric,
        status,
        reason,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
)

select * from final
