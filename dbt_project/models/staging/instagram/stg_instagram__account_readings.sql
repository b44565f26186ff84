-- grain: source instance x account x reading
with final as (
    select
        brand_id,
        source_instance,
        cast(1 as bigint) as source_rank,
        'instagram' as network,
        '' as id_scope,
        account_id,
        _observed_at as observed_at,
        followers_count,
        follows_count,
        media_count as posts_count,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id
    from {{ ref('base_instagram__accounts') }}
)

select * from final
