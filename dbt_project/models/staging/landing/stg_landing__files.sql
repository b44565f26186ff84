-- grain: source instance x dropped file x table, as the newest load of the file counts its records
with loads as (
    select
        source_instance,
        stream,
        table_name,
        records_read,
        records_landed,
        records_quarantined,
        _dlt_load_id,
        rank() over (
            partition by source_instance, stream
            order by _observed_at desc, _dlt_load_id desc
        ) as load_rank
    from {{ source('landing', 'streams') }}
),

drops as (
    select source_instance
    from {{ source('config', 'sources') }}
    where kind = 'file_drop'
),

final as (
    select
        loads.source_instance,
        loads.stream as _source_file,
        loads.table_name,
        loads.records_read,
        loads.records_landed,
        loads.records_quarantined,
        loads._dlt_load_id
    from loads
    inner join drops
        on loads.source_instance = drops.source_instance
    where loads.load_rank = 1
)

select * from final
