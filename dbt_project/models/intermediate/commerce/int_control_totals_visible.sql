-- grain: source instance x day x currency that the run may see, as the source itself adds up its net sales
with file_bases as (
    select
        source_instance,
        -- Where orders leave their amount to their lines, the lines are what the file states.
        case
            when count(case when entity = 'orders' then net_amount end) > 0 then 'orders'
            else 'order_lines'
        end as basis
    from {{ ref('stg_file_drop__control_totals') }}
    group by source_instance
),

file_totals as (
    select
        totals.brand_id,
        totals.source_instance,
        'file_drop' as source_kind,
        totals.day,
        coalesce(totals.currency, 'unknown') as currency,
        cast(
            sum(
                case
                    when totals.entity = file_bases.basis then coalesce(totals.net_amount, 0)
                    when totals.entity = 'refunds' then -coalesce(totals.net_amount, 0)
                    else 0
                end
            ) as decimal(18, 4)
        ) as control_total,
        cast(sum(totals.records) as bigint) as records_count
    from {{ ref('stg_file_drop__control_totals') }} as totals
    inner join file_bases
        on totals.source_instance = file_bases.source_instance
    group by totals.brand_id, totals.source_instance, totals.day, coalesce(totals.currency, 'unknown')
),

shop_totals as (
    select
        brand_id,
        source_instance,
        'shopify' as source_kind,
        day,
        currency,
        net_sales as control_total,
        cast(orders_count as bigint) as records_count
    from {{ ref('stg_shopify__sales_totals') }}
),

stated as (
    select
        brand_id,
        source_instance,
        source_kind,
        day,
        currency,
        control_total,
        records_count
    from file_totals
    union all
    select
        brand_id,
        source_instance,
        source_kind,
        day,
        currency,
        control_total,
        records_count
    from shop_totals
),

final as (
    select
        stated.brand_id,
        stated.source_instance,
        stated.source_kind,
        stated.day,
        stated.currency,
        stated.control_total,
        stated.records_count
    from stated
    left join {{ ref('int_brand_clocks') }} as clocks
        on stated.brand_id = clocks.brand_id
    left join {{ ref('stg_config__sources') }} as sources
        on stated.source_instance = sources.source_instance
    where
        coalesce(
            {{ local_to_utc('stated.day', "coalesce(sources.timezone, clocks.timezone, 'UTC')") }}
            < clocks.visible_until, true
        )
)

select * from final
