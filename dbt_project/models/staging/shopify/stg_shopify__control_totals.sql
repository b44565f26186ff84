-- grain: source instance x day of the shop; a day that is over as read after its end
-- The report is read whole each time and lands what is new of it, so that each load of it is a reading of every day.
with reports as (
    select distinct
        source_instance,
        cast(_observed_at as timestamp) as read_at
    from {{ source('shopify', 'sales_totals') }}
),

days as (
    select distinct
        totals.source_instance,
        totals.day,
        {{ local_to_utc(date_plus('totals.day', 1), "coalesce(sources.timezone, brands.timezone, 'UTC')") }} as ends_at,
        {{ visible_until('run', "coalesce(brands.timezone, 'UTC')") }} as visible_until
    from {{ source('shopify', 'sales_totals') }} as totals
    cross join {{ ref('stg_config__run') }} as run
    left join {{ ref('stg_config__sources') }} as sources
        on totals.source_instance = sources.source_instance
    left join {{ ref('stg_config__brands') }} as brands
        on totals.brand_id = brands.brand_id
),

-- The newest reading that the run may see, else the first one after it: a day's report is not changed by later days.
readings as (
    select
        days.source_instance,
        days.day,
        coalesce(
            max(case when reports.read_at < days.visible_until then reports.read_at end),
            min(case when reports.read_at >= days.visible_until then reports.read_at end)
        ) as read_at,
        coalesce(
            max(case when reports.read_at < days.visible_until then 0 end),
            1
        ) = 1 as is_attribute_current_fallback
    from days
    inner join reports
        on days.source_instance = reports.source_instance
    where days.ends_at > days.visible_until or reports.read_at >= days.ends_at
    group by days.source_instance, days.day
),

newest as (
    select
        totals.*,
        readings.is_attribute_current_fallback,
        row_number() over (
            partition by totals.source_instance, totals.day
            order by totals._observed_at desc, totals._dlt_load_id desc
        ) as version_rank
    from {{ source('shopify', 'sales_totals') }} as totals
    inner join readings
        on totals.source_instance = readings.source_instance
        and totals.day = readings.day
    where cast(totals._observed_at as timestamp) <= readings.read_at
),

final as (
    select
        brand_id,
        source_instance,
        cast(1 as bigint) as source_rank,
        'shopify' as source_kind,
        'sales' as total_of,
        cast(day as date) as day,
        currency,
        cast(net_sales as decimal(18, 4)) as net_amount,
        cast(orders_count as bigint) as records_count,
        cast(null as string) as source_file,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
    where version_rank = 1
)

select * from final
