-- The days of the reconciliation add up to the revenue of the facts, source by source: nothing is dropped or counted twice.
with facts as (
    select
        source_instance,
        net_revenue as amount
    from {{ ref('fct_order') }}
    union all
    select
        source_instance,
        -refunded_revenue as amount
    from {{ ref('fct_refund') }}
),

fact_sums as (
    select
        source_instance,
        cast(sum(amount) as decimal(18, 4)) as amount
    from facts
    group by source_instance
),

day_sums as (
    select
        source_instance,
        cast(sum(warehouse_total_reporting) as decimal(18, 4)) as amount
    from {{ ref('mart_revenue_reconciliation') }}
    group by source_instance
)

select
    fact_sums.source_instance,
    fact_sums.amount as fact_amount,
    day_sums.amount as day_amount
from fact_sums
left join day_sums
    on fact_sums.source_instance = day_sums.source_instance
where coalesce(day_sums.amount, 0) <> coalesce(fact_sums.amount, 0)
