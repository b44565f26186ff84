-- grain: record in quarantine
with final as (
    select
        source_instance,
        brand_id,
        table_name,
        source_file,
        record_number,
        record_key,
        column_name,
        reason,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from {{ source('landing', 'quarantine') }}
)

select * from final
