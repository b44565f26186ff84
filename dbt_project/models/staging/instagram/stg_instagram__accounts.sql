-- grain: source instance x account x reading
with final as (
    select
        brand_id,
        source_instance,
        cast(1 as bigint) as source_rank,
        'instagram' as network,
        '' as id_scope,
        account_id,
        username,
        account_name,
        is_own,
        _observed_at as observed_at,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id
    from {{ ref('base_instagram__accounts') }}
)

select * from final
