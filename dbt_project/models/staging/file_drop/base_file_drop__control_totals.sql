-- grain: source instance x file x entity x day x currency, from the newest version of each file
with newest as (
    {{ newest_file_rows(source('file_drop', 'control_totals')) }}
),

final as (
    select
        brand_id,
        source_instance,
        _source_file,
        entity,
        cast(day as date) as day,
        currency,
        records,
        cast(net_amount as decimal(18, 4)) as net_amount,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
)

select * from final
