-- grain: source instance x day x currency that the run may see, as the source itself adds up its net sales
with bases as (
    select
        source_instance,
        -- Where orders leave their amount to their lines, the lines are what the file states.
        case
            when count(case when total_of = 'orders' then net_amount end) > 0 then 'orders'
            else 'order_lines'
        end as basis
    from {{ ref('int_control_totals') }}
    group by source_instance
),

stated as (
    select
        totals.brand_id,
        totals.source_instance,
        totals.source_kind,
        totals.source_rank = 2 as is_delivery,
        totals.day,
        coalesce(totals.currency, 'unknown') as currency,
        cast(
            sum(
                case
                    when totals.total_of = 'sales' then totals.net_amount
                    when totals.total_of = bases.basis then coalesce(totals.net_amount, 0)
                    when totals.total_of = 'refunds' then -coalesce(totals.net_amount, 0)
                    else 0
                end
            ) as decimal(18, 4)
        ) as control_total,
        cast(sum(totals.records_count) as bigint) as records_count
    from {{ ref('int_control_totals') }} as totals
    inner join bases
        on totals.source_instance = bases.source_instance
    group by
        totals.brand_id,
        totals.source_instance,
        totals.source_kind,
        totals.source_rank = 2,
        totals.day,
        coalesce(totals.currency, 'unknown')
),

final as (
    select
        stated.brand_id,
        stated.source_instance,
        stated.source_kind,
        stated.is_delivery,
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
