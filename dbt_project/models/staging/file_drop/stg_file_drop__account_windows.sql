-- grain: source instance x network x scope of ids x account x window x reading
with final as (
    select
        brand_id,
        source_instance,
        cast(2 as bigint) as source_rank,
        network,
        id_scope,
        account_id,
        cast(null as date) as window_end,
        window_days,
        observed_at,
        reach,
        impressions,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id
    from {{ ref('base_file_drop__account_readings') }}
    where window_days is not null
)

select * from final
