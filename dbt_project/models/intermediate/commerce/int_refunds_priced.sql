-- grain: refund line or cancellation, dated at its own day, that the run may see; amounts without tax, positive
-- A cancellation takes back, when it happens, what no refund had taken back by then.
with refunds as (
    select
        taken.brand_id,
        taken.source_instance,
        taken.source_kind,
        taken.source_rank = 2 as is_delivery,
        taken.refund_id,
        taken.refund_kind,
        taken.order_id,
        taken.line_id,
        taken.refunded_at,
        taken.currency,
        taken.amount,
        taken.tax_amount,
        taken.is_of_sales,
        taken._observed_at,
        taken._dlt_load_id
    from {{ ref('int_refunds') }} as taken
    inner join {{ ref('int_brand_clocks') }} as clocks
        on taken.brand_id = clocks.brand_id
    where taken.refunded_at < clocks.visible_until
),

refunded_before as (
    select
        orders.order_key,
        cast(sum(refunds.amount) as decimal(18, 4)) as amount
    from refunds
    inner join {{ ref('int_orders_priced') }} as orders
        on refunds.source_instance = orders.source_instance
        and refunds.order_id = orders.order_id
        and refunds.currency = orders.currency
    where refunds.is_of_sales and refunds.refunded_at <= orders.cancelled_at
    group by orders.order_key
),

cancellations as (
    select
        orders.brand_id,
        orders.source_instance,
        orders.source_kind,
        orders.is_delivery,
        orders.order_id as refund_id,
        'cancellation' as refund_kind,
        orders.order_id,
        cast(null as string) as line_id,
        orders.cancelled_at as refunded_at,
        orders.currency,
        cast(orders.net_amount - coalesce(refunded_before.amount, 0) as decimal(18, 4)) as amount,
        cast(null as decimal(18, 4)) as tax_amount,
        true as is_of_sales,
        orders._observed_at,
        orders._dlt_load_id
    from {{ ref('int_orders_priced') }} as orders
    left join refunded_before
        on orders.order_key = refunded_before.order_key
    where orders.is_cancelled and not orders.is_test and orders.net_amount > coalesce(refunded_before.amount, 0)
),

{% set columns -%}
brand_id, source_instance, source_kind, is_delivery, refund_id, refund_kind, order_id, line_id, refunded_at,
        currency, amount, tax_amount, is_of_sales, _observed_at, _dlt_load_id
{%- endset -%}

taken_back as (
    select
        {{ columns }}
    from refunds
    union all
    select
        {{ columns }}
    from cancellations
),

dated as (
    select
        taken_back.brand_id,
        taken_back.source_instance,
        taken_back.source_kind,
        taken_back.is_delivery,
        taken_back.refund_id,
        taken_back.refund_kind,
        taken_back.order_id,
        taken_back.line_id,
        taken_back.refunded_at,
        cast({{ utc_to_local('taken_back.refunded_at', 'clocks.timezone') }} as date) as refunded_on,
        orders.customer_key,
        orders.ordered_on,
        orders.order_key is not null as is_order_known,
        coalesce(orders.is_test, false) as is_test,
        coalesce(orders.is_cancelled, false) as is_cancelled,
        coalesce(taken_back.refunded_at > orders.cancelled_at, false) as is_after_cancellation,
        taken_back.is_of_sales,
        coalesce(orders.is_revenue_order, false)
        and taken_back.is_of_sales
        and not coalesce(taken_back.refunded_at > orders.cancelled_at, false) as is_revenue_refund,
        taken_back.currency,
        taken_back.amount,
        taken_back.tax_amount,
        case when taken_back.currency = orders.currency then orders.fx_rate end as order_fx_rate,
        clocks.as_of,
        clocks.reporting_currency,
        taken_back._observed_at,
        taken_back._dlt_load_id
    from taken_back
    inner join {{ ref('int_brand_clocks') }} as clocks
        on taken_back.brand_id = clocks.brand_id
    left join {{ ref('int_orders_priced') }} as orders
        on taken_back.source_instance = orders.source_instance
        and taken_back.order_id = orders.order_id
),

rated as (
    select
        dated.brand_id,
        dated.source_instance,
        dated.source_kind,
        dated.is_delivery,
        dated.refund_id,
        dated.refund_kind,
        dated.order_id,
        dated.line_id,
        dated.refunded_at,
        dated.refunded_on,
        dated.customer_key,
        dated.ordered_on,
        dated.is_order_known,
        dated.is_test,
        dated.is_cancelled,
        dated.is_after_cancellation,
        dated.is_of_sales,
        dated.is_revenue_refund,
        dated.currency,
        dated.amount,
        dated.tax_amount,
        dated.order_fx_rate,
        dated.reporting_currency,
        case
            when dated.currency = dated.reporting_currency then cast(1 as double)
            else cast(rates.units_per_reporting as double)
        end as fx_rate,
        dated._observed_at,
        dated._dlt_load_id
    from dated
    left join {{ ref('int_fx_rates') }} as rates
        on dated.currency = rates.currency
        and least(dated.refunded_on, dated.as_of) = rates.rate_on
),

final as (
    select
        {{ surrogate_key(['brand_id', 'source_instance', 'refund_id', 'refund_kind', 'line_id']) }} as refund_key,
        {{ surrogate_key(['brand_id', 'source_instance', 'order_id']) }} as order_key,
        brand_id,
        source_instance,
        source_kind,
        is_delivery,
        refund_id,
        refund_kind,
        order_id,
        line_id,
        refunded_at,
        refunded_on,
        customer_key,
        ordered_on,
        is_order_known,
        is_test,
        is_cancelled,
        is_after_cancellation,
        is_of_sales,
        is_revenue_refund,
        currency,
        cast(amount as decimal(18, 4)) as net_amount,
        cast(tax_amount as decimal(18, 4)) as tax_amount,
        reporting_currency,
        fx_rate,
        coalesce(order_fx_rate, fx_rate) as order_fx_rate,
        -- At the rate at which it was sold: what is given back whole leaves nothing; the rate's move has its own name.
        {{ to_reporting('amount', 'coalesce(order_fx_rate, fx_rate)') }} as net_amount_reporting,
        cast(
            {{ to_reporting('amount', 'fx_rate') }}
            - {{ to_reporting('amount', 'coalesce(order_fx_rate, fx_rate)') }} as decimal(18, 4)
        ) as exchange_difference,
        _observed_at,
        _dlt_load_id
    from rated
)

select * from final
