-- grain: source instance x dropped file x table, as the newest load of the file counts its records
with newest as (
    {{ newest_file_rows(source('file_drop', 'files')) }}
),

final as (
    select
        source_instance,
        _source_file,
        table_name,
        records_read,
        _dlt_load_id
    from newest
)

select * from final
