-- grain: order
with refunds as (
    select
        order_key,
        -- A sum leaves out what is NULL, and would state a part as the whole.
        case
            when count(*) = count(net_amount_reporting) then cast(sum(net_amount_reporting) as decimal(18, 4))
        end as refunded_amount_reporting
    from {{ ref('int_refunds_priced') }}
    where is_of_sales and not is_after_cancellation
    group by order_key
),

final as (
    select
        orders.order_key,
        orders.brand_id,
        orders.source_instance,
        orders.order_id,
        orders.customer_key,
        orders.ordered_at,
        orders.ordered_on,
        orders.cancelled_at,
        orders.is_test,
        orders.is_cancelled,
        orders.is_revenue_order,
        orders.customer_order_number = 1 as is_first_order,
        orders.customer_order_number,
        orders.days_since_previous_order,
        orders.currency,
        orders.gross_amount,
        orders.discount_amount,
        orders.net_amount,
        orders.tax_amount,
        orders.shipping_amount,
        orders.reporting_currency,
        orders.fx_rate,
        orders.gross_amount_reporting,
        orders.discount_amount_reporting,
        orders.net_amount_reporting,
        cast(
            case when orders.is_revenue_order then orders.net_amount_reporting else 0 end as decimal(18, 4)
        ) as net_revenue,
        cast(
            case when refunds.order_key is null then 0 else refunds.refunded_amount_reporting end as decimal(18, 4)
        ) as refunded_amount_reporting,
        coalesce(line_sums.lines_count, 0) as lines_count,
        line_sums.units_count,
        orders.country_code,
        orders.utm_source,
        orders.utm_campaign,
        orders.is_attribute_current_fallback,
        {{ run_setting('as_of') }} as as_of,
        orders._observed_at,
        orders._dlt_load_id as _load_id
    from {{ ref('int_orders_priced') }} as orders
    left join refunds
        on orders.order_key = refunds.order_key
    left join {{ ref('int_order_line_sums') }} as line_sums
        on orders.source_instance = line_sums.source_instance
        and orders.order_id = line_sums.order_id
)

select * from final
