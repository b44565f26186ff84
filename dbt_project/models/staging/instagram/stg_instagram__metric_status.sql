-- grain: source instance x object type x metric x reading
with newest as (
    {{ newest_version(
        source('instagram', 'metric_status'),
        ['source_instance', 'object_type', 'metric', '_observed_at'],
    ) }}
),

final as (
    select
        source_instance,
        brand_id,
        object_type,
        metric,
        status,
        reason,
        cast(_observed_at as timestamp) as observed_at,
        _dlt_load_id
    from newest
)

select * from final
