-- grain: source instance x file x what was summed x day x currency, from the newest version of each file
with final as (
    select
        brand_id,
        source_instance,
        cast(2 as bigint) as source_rank,
        'file_drop' as source_kind,
        entity as total_of,
        day,
        currency,
        net_amount,
        cast(records as bigint) as records_count,
        _source_file as source_file,
        false as is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id
    from {{ ref('base_file_drop__control_totals') }}
)

select * from final
