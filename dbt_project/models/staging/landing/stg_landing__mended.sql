-- grain: source instance x table x record that was in quarantine, as often as it was mended
with final as (
    select
        source_instance,
        table_name,
        record_key,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from {{ source('landing', 'mended') }}
)

select * from final
