-- grain: order, cancellation or refund, with the day and amount that the control total and the marts give it
-- Amounts are in the currency of the source's control total; what differs between the sides has exactly one cause.
with report_currencies as (
    select
        source_instance,
        min(currency) as currency
    from {{ ref('int_control_totals') }}
    where total_of = 'sales'
    group by source_instance
),

order_entries as (
    select
        orders.brand_id,
        orders.source_instance,
        orders.source_kind,
        orders.is_delivery,
        'order' as entry_type,
        orders.ordered_on as rate_day,
        orders.ordered_on as sale_day,
        case
            when not orders.has_control_day then cast(null as date)
            when not orders.is_delivery and sources.timezone is not null
                then cast({{ utc_to_local('orders.ordered_at', 'sources.timezone') }} as date)
            else orders.ordered_on
        end as control_day,
        orders.ordered_on as warehouse_day,
        orders.currency,
        orders.control_amount,
        case when orders.is_revenue_order then orders.net_amount else 0 end as warehouse_amount,
        case when orders.is_revenue_order then orders.net_amount_reporting else 0 end as warehouse_amount_reporting,
        cast(
            case when orders.is_test then 0 else orders.stated_amount - orders.net_amount end as decimal(18, 4)
        ) as tax_amount,
        orders.fx_rate,
        orders.fx_rate as sale_fx_rate,
        case
            when orders.is_test then 'test'
            when orders.is_cancelled and not orders.is_revenue_order then 'cancelled'
            when not orders.is_revenue_order then 'not_revenue'
            else 'lines'
        end as cause,
        orders.control_records_count as records_count
    from {{ ref('int_orders_priced') }} as orders
    left join {{ ref('stg_config__sources') }} as sources
        on orders.source_instance = sources.source_instance
),

-- A report keeps a cancelled order in the sales of its day and takes back, when it is cancelled, what no refund did;
-- a file counts the order and never takes it back.
refund_entries as (
    select
        refunds.brand_id,
        refunds.source_instance,
        refunds.source_kind,
        refunds.is_delivery,
        case when refunds.refund_kind = 'cancellation' then 'cancellation' else 'refund' end as entry_type,
        refunds.refunded_on as rate_day,
        case
            when refunds.currency = orders.currency and refunds.is_revenue_refund then orders.ordered_on
            else refunds.refunded_on
        end as sale_day,
        case
            when not refunds.is_delivery and sources.timezone is not null
                then cast({{ utc_to_local('refunds.refunded_at', 'sources.timezone') }} as date)
            else refunds.refunded_on
        end as control_day,
        refunds.refunded_on as warehouse_day,
        refunds.currency,
        case
            when
                not refunds.is_delivery
                and (refunds.is_test or not refunds.is_of_sales or refunds.is_after_cancellation)
                then 0
            when refunds.is_delivery and refunds.refund_kind = 'cancellation' then 0
            else -refunds.net_amount
        end as control_amount,
        case when refunds.is_revenue_refund then -refunds.net_amount else 0 end as warehouse_amount,
        case when refunds.is_revenue_refund then -refunds.net_amount_reporting else 0 end as warehouse_amount_reporting,
        case
            when
                refunds.is_of_sales
                and not refunds.is_after_cancellation
                and refunds.refund_kind <> 'cancellation'
                and orders.stated_amount <> orders.net_amount
                then -coalesce(refunds.tax_amount, 0)
            else 0
        end as tax_amount,
        refunds.fx_rate,
        case
            when refunds.currency = orders.currency and refunds.is_revenue_refund then refunds.order_fx_rate
            else refunds.fx_rate
        end as sale_fx_rate,
        case
            when not refunds.is_order_known then 'refund_timing'
            when refunds.is_test then 'test'
            when refunds.is_cancelled then 'cancelled'
            else 'not_revenue'
        end as cause,
        case
            when refunds.is_delivery and refunds.refund_kind <> 'cancellation' then 1
            else 0
        end as records_count
    from {{ ref('int_refunds_priced') }} as refunds
    left join {{ ref('int_orders_priced') }} as orders
        on refunds.order_key = orders.order_key
    left join {{ ref('stg_config__sources') }} as sources
        on refunds.source_instance = sources.source_instance
),

entries as (
    {% for part in ['order_entries', 'refund_entries'] -%}
    select
        brand_id,
        source_instance,
        source_kind,
        is_delivery,
        entry_type,
        rate_day,
        sale_day,
        control_day,
        warehouse_day,
        currency,
        cast(control_amount as decimal(18, 4)) as control_amount,
        cast(warehouse_amount as decimal(18, 4)) as warehouse_amount,
        cast(warehouse_amount_reporting as decimal(18, 4)) as warehouse_amount_reporting,
        cast(tax_amount as decimal(18, 4)) as tax_amount,
        fx_rate,
        sale_fx_rate,
        cause,
        cast(records_count as bigint) as records_count
    from {{ part }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

rated as (
    select
        entries.brand_id,
        entries.source_instance,
        entries.source_kind,
        entries.is_delivery,
        entries.entry_type,
        entries.control_day,
        entries.warehouse_day,
        coalesce(report_currencies.currency, entries.currency) as currency,
        entries.control_amount,
        entries.warehouse_amount,
        entries.warehouse_amount_reporting,
        entries.tax_amount,
        entries.fx_rate,
        entries.sale_fx_rate,
        -- From the order's currency by way of the reporting currency to that of the control total.
        case
            when coalesce(report_currencies.currency, entries.currency) = entries.currency then cast(1 as double)
            else cast(rates.units_per_reporting as double) / nullif(entries.fx_rate, 0)
        end as factor,
        -- A refund takes back what was sold at the rate of its sale; a shop's report takes the rate of the refund.
        case
            when coalesce(report_currencies.currency, entries.currency) = entries.currency then cast(1 as double)
            else cast(sale_rates.units_per_reporting as double) / nullif(entries.sale_fx_rate, 0)
        end as sale_factor,
        entries.cause,
        entries.records_count
    from entries
    left join report_currencies
        on entries.source_instance = report_currencies.source_instance
    cross join {{ ref('stg_config__run') }} as run
    left join {{ ref('int_fx_rates') }} as rates
        on report_currencies.currency = rates.currency
        and least(entries.rate_day, run.as_of) = rates.rate_on
    left join {{ ref('int_fx_rates') }} as sale_rates
        on report_currencies.currency = sale_rates.currency
        and least(entries.sale_day, run.as_of) = sale_rates.rate_on
),

final as (
    select
        brand_id,
        source_instance,
        source_kind,
        is_delivery,
        entry_type,
        control_day,
        warehouse_day,
        currency,
        cast(round(cast(control_amount as double) * factor, 4) as decimal(18, 4)) as control_amount,
        cast(
            case
                when sale_fx_rate is null then 0
                else round(cast(warehouse_amount as double) * sale_factor, 4)
            end as decimal(18, 4)
        ) as warehouse_amount,
        cast(
            case
                when fx_rate is null or sale_fx_rate is null then 0
                else
                    round(cast(warehouse_amount as double) * factor, 4)
                    - round(cast(warehouse_amount as double) * sale_factor, 4)
            end as decimal(18, 4)
        ) as exchange_amount,
        cast(coalesce(warehouse_amount_reporting, 0) as decimal(18, 4)) as warehouse_amount_reporting,
        cast(round(cast(tax_amount as double) * factor, 4) as decimal(18, 4)) as tax_amount,
        case when fx_rate is null and warehouse_amount <> 0 then 'currency' else cause end as cause,
        fx_rate is null as is_rate_missing,
        records_count
    from rated
)

select * from final
