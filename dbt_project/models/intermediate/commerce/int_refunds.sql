-- grain: refund line, dated at the refund, that the run may see; amounts without tax, positive
with all_refunds as (
    select
        brand_id,
        source_instance,
        'shopify' as source_kind,
        refund_id,
        refund_kind,
        order_id,
        line_id,
        refunded_at,
        currency,
        amount,
        tax_amount,
        _observed_at,
        _dlt_load_id
    from {{ ref('stg_shopify__refunds') }}
    union all
    select
        brand_id,
        source_instance,
        'file_drop' as source_kind,
        refund_id,
        case when line_id is null then 'adjustment' else 'line' end as refund_kind,
        order_id,
        line_id,
        refunded_at,
        currency,
        amount,
        tax_amount,
        _observed_at,
        _dlt_load_id
    from {{ ref('stg_file_drop__refunds') }}
),

dated as (
    select
        all_refunds.brand_id,
        all_refunds.source_instance,
        all_refunds.source_kind,
        all_refunds.refund_id,
        all_refunds.refund_kind,
        all_refunds.order_id,
        all_refunds.line_id,
        all_refunds.refunded_at,
        cast({{ utc_to_local('all_refunds.refunded_at', 'clocks.timezone') }} as date) as refunded_on,
        orders.customer_key,
        orders.ordered_on,
        orders.order_key is not null as is_order_known,
        coalesce(orders.is_test, false) as is_test,
        coalesce(orders.is_cancelled, false) as is_cancelled,
        -- Shipping is no part of net revenue, so what is refunded of it lessens nothing.
        coalesce(orders.is_revenue_order, false) and all_refunds.refund_kind <> 'shipping' as is_revenue_refund,
        all_refunds.currency,
        all_refunds.amount,
        all_refunds.tax_amount,
        clocks.as_of,
        clocks.reporting_currency,
        all_refunds._observed_at,
        all_refunds._dlt_load_id
    from all_refunds
    inner join {{ ref('int_brand_clocks') }} as clocks
        on all_refunds.brand_id = clocks.brand_id
    left join {{ ref('int_orders') }} as orders
        on all_refunds.source_instance = orders.source_instance
        and all_refunds.order_id = orders.order_id
    where all_refunds.refunded_at < clocks.visible_until
),

rated as (
    select
        dated.brand_id,
        dated.source_instance,
        dated.source_kind,
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
        dated.is_revenue_refund,
        dated.currency,
        dated.amount,
        dated.tax_amount,
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
        is_revenue_refund,
        currency,
        cast(amount as decimal(18, 4)) as net_amount,
        cast(tax_amount as decimal(18, 4)) as tax_amount,
        reporting_currency,
        fx_rate,
        {{ to_reporting('amount', 'fx_rate') }} as net_amount_reporting,
        _observed_at,
        _dlt_load_id
    from rated
)

select * from final
