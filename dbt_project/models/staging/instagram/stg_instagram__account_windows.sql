-- grain: source instance x account x window x reading
with newest as (
    {{ newest_version(
        source('instagram', 'account_insights'),
        ['source_instance', 'account_id', 'window_end', 'window_days', '_observed_at'],
    ) }}
),

final as (
    select
        brand_id,
        source_instance,
        cast(1 as bigint) as source_rank,
        'instagram' as network,
        '' as id_scope,
        account_id,
        window_end,
        window_days,
        cast(_observed_at as timestamp) as observed_at,
        reach,
        views as impressions,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
)

select * from final
