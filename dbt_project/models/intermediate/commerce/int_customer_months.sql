-- grain: customer with a revenue order x month since the first one, at the month's end (this month: at as_of)
-- East of Greenwich a brand's day can be ahead of as_of; what is visible of that day counts on as_of, whose month is
-- then not complete.
with run as (
    select
        as_of,
        silence_days,
        gap_multiple
    from {{ ref('stg_config__run') }}
),

customers as (
    select
        customers.brand_id,
        customers.customer_key,
        least(customers.first_order_on, clocks.as_of) as first_order_on,
        case when customers.acquired_on > clocks.as_of then clocks.as_of else customers.acquired_on end as acquired_on,
        clocks.last_day,
        clocks.running_day,
        clocks.timezone,
        clocks.visible_until,
        clocks.as_of
    from {{ ref('int_customers') }} as customers
    inner join {{ ref('int_brand_clocks') }} as clocks
        on customers.brand_id = clocks.brand_id
    where customers.first_order_on is not null
),

order_sums as (
    select
        days.customer_key,
        least(days.ordered_on, run.as_of) as day,
        cast(sum(days.orders_count) as bigint) as orders_count,
        cast(sum(cast(days.net_revenue as decimal(18, 4))) as decimal(18, 4)) as order_revenue
    from {{ ref('int_customer_order_days') }} as days
    cross join run
    group by days.customer_key, least(days.ordered_on, run.as_of)
),

order_days as (
    select
        customer_key,
        day,
        orders_count,
        order_revenue,
        cast(0 as decimal(18, 4)) as refunded_revenue,
        {{ days_between('lag(day) over (partition by customer_key order by day)', 'day') }} as gap_days
    from order_sums
),

refund_days as (
    select
        refunds.customer_key,
        -- A refund dated before the first order is a slip of the source; it must not fall out of the history.
        greatest(least(refunds.refunded_on, customers.as_of), customers.first_order_on) as day,
        cast(0 as bigint) as orders_count,
        cast(0 as decimal(18, 4)) as order_revenue,
        refunds.net_amount_reporting as refunded_revenue
    from {{ ref('int_refunds_priced') }} as refunds
    inner join customers
        on refunds.customer_key = customers.customer_key
    where refunds.is_revenue_refund
),

days as (
    select
        customer_key,
        day,
        orders_count,
        order_revenue,
        refunded_revenue
    from order_days
    union all
    select
        customer_key,
        day,
        orders_count,
        order_revenue,
        refunded_revenue
    from refund_days
),

month_sums as (
    select
        customer_key,
        {{ month_start('day') }} as month,
        cast(sum(orders_count) as bigint) as orders_count,
        cast(count(case when orders_count > 0 then 1 end) as bigint) as order_days_count,
        max(case when orders_count > 0 then day end) as last_order_on,
        cast(sum(order_revenue) as decimal(18, 4)) as order_revenue,
        cast(sum(refunded_revenue) as decimal(18, 4)) as refunded_revenue
    from days
    group by customer_key, {{ month_start('day') }}
),

month_offsets as (
    select
        customer_key,
        brand_id,
        first_order_on,
        acquired_on,
        last_day,
        running_day,
        timezone,
        visible_until,
        as_of,
        {{ spine_integers('0', months_between('first_order_on', 'as_of')) }} as age_months
    from customers
),

months as (
    select
        brand_id,
        customer_key,
        first_order_on,
        acquired_on,
        last_day,
        running_day,
        timezone,
        visible_until,
        age_months,
        as_of,
        cast({{ months_plus(month_start('first_order_on'), 'age_months') }} as date) as month
    from month_offsets
),

spine as (
    select
        months.brand_id,
        months.customer_key,
        months.first_order_on,
        months.acquired_on,
        months.age_months,
        months.month,
        months.month <= months.last_day as has_begun,
        least({{ date_plus(months_plus('months.month', '1'), '-1') }}, months.as_of) as as_of_day,
        {{ local_to_utc(months_plus('months.month', '1'), 'months.timezone') }} <= months.visible_until
        and (months.running_day <= months.as_of or months.month < {{ month_start('months.as_of') }}) as is_complete
    from months
),

running as (
    select
        spine.brand_id,
        spine.customer_key,
        spine.first_order_on,
        spine.acquired_on,
        spine.age_months,
        spine.month,
        spine.has_begun,
        spine.as_of_day,
        spine.is_complete,
        coalesce(month_sums.orders_count, 0) as month_orders_count,
        cast(coalesce(month_sums.order_revenue, 0) as decimal(18, 4)) as month_order_revenue,
        cast(coalesce(month_sums.refunded_revenue, 0) as decimal(18, 4)) as month_refunded_revenue,
        max(month_sums.last_order_on) over customer_to_month as last_order_on,
        cast(sum(month_sums.orders_count) over customer_to_month as bigint) as orders_count,
        cast(sum(month_sums.order_days_count) over customer_to_month as bigint) as order_days_count,
        cast(
            sum(month_sums.order_revenue - month_sums.refunded_revenue) over customer_to_month as decimal(18, 4)
        ) as historic_net_revenue
    from spine
    left join month_sums
        on spine.customer_key = month_sums.customer_key
        and spine.month = month_sums.month
    window customer_to_month as (
        partition by spine.customer_key
        order by spine.month
        rows between unbounded preceding and current row
    )
),

trailing_year as (
    select
        spine.customer_key,
        spine.month,
        cast(sum(days.order_revenue - days.refunded_revenue) as decimal(18, 4)) as net_revenue
    from spine
    inner join days
        on spine.customer_key = days.customer_key
        and spine.as_of_day >= days.day
        and days.day > {{ date_plus('spine.as_of_day', '-365') }}
    group by spine.customer_key, spine.month
),

usual_gaps as (
    select
        spine.customer_key,
        spine.month,
        cast(round(median(cast(order_days.gap_days as double)), 4) as double) as usual_gap_days
    from spine
    inner join order_days
        on spine.customer_key = order_days.customer_key
        and spine.as_of_day >= order_days.day
    where order_days.gap_days is not null
    group by spine.customer_key, spine.month
    -- One gap shows no habit.
    having count(*) >= 2
),

value_bands as (
    select
        value_band,
        case when row_number() over (order by minimum_net_revenue) > 1 then minimum_net_revenue end as from_net_revenue,
        lead(minimum_net_revenue) over (order by minimum_net_revenue) as below_net_revenue
    from {{ ref('stg_config__value_bands') }}
),

measured as (
    select
        running.brand_id,
        running.customer_key,
        running.month,
        running.as_of_day,
        running.has_begun,
        running.is_complete,
        running.first_order_on,
        running.acquired_on,
        running.age_months,
        running.last_order_on,
        running.orders_count,
        running.order_days_count,
        running.month_orders_count,
        running.month_order_revenue,
        running.month_refunded_revenue,
        running.historic_net_revenue,
        cast(coalesce(trailing_year.net_revenue, 0) as decimal(18, 4)) as net_revenue_365_days,
        cast({{ days_between('running.last_order_on', 'running.as_of_day') }} as bigint) as days_since_last_order,
        usual_gaps.usual_gap_days,
        value_bands.value_band
    from running
    left join trailing_year
        on running.customer_key = trailing_year.customer_key
        and running.month = trailing_year.month
    left join usual_gaps
        on running.customer_key = usual_gaps.customer_key
        and running.month = usual_gaps.month
    left join value_bands
        on (value_bands.from_net_revenue is null or running.historic_net_revenue >= value_bands.from_net_revenue)
        and (value_bands.below_net_revenue is null or running.historic_net_revenue < value_bands.below_net_revenue)
),

final as (
    select
        measured.brand_id,
        measured.customer_key,
        measured.month,
        measured.as_of_day,
        measured.has_begun,
        measured.is_complete,
        measured.first_order_on,
        measured.acquired_on,
        cast(measured.age_months as bigint) as age_months,
        measured.last_order_on,
        measured.orders_count,
        measured.order_days_count,
        measured.month_orders_count,
        measured.month_order_revenue,
        measured.month_refunded_revenue,
        measured.historic_net_revenue,
        measured.net_revenue_365_days,
        measured.days_since_last_order,
        measured.usual_gap_days,
        measured.value_band,
        measured.days_since_last_order <= run.silence_days as is_active_by_period,
        measured.days_since_last_order <= run.gap_multiple * measured.usual_gap_days as is_active_by_own_gap
    from measured
    cross join run
)

select * from final
