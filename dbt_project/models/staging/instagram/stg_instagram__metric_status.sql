-- grain: source instance x object type x metric x reading
with final as (
    select
        brand_id,
        source_instance,
        cast(1 as bigint) as source_rank,
        'instagram' as network,
        '' as id_scope,
        object_type,
        case when object_type = 'ACCOUNT' then 'account' else 'post' end as object_level,
        metric as network_metric,
        status,
        reason,
        _observed_at as observed_at,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id
    from {{ ref('base_instagram__metric_status') }}
)

select * from final
