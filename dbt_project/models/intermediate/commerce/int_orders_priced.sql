-- grain: order that the run may see; amounts without tax and shipping
with ledger_brands as (
    select distinct brand_id
    from {{ ref('stg_config__ledgers') }}
),

dated as (
    select
        orders.brand_id,
        orders.source_instance,
        orders.source_kind,
        orders.source_rank = 2 as is_delivery,
        orders.order_id,
        orders.customer_id,
        orders.email_token,
        orders.ordered_at,
        cast({{ utc_to_local('orders.ordered_at', 'clocks.timezone') }} as date) as ordered_on,
        case when orders.cancelled_at < clocks.visible_until then orders.cancelled_at end as cancelled_at,
        case
            when orders.cancelled_at < clocks.visible_until
                then cast({{ utc_to_local('orders.cancelled_at', 'clocks.timezone') }} as date)
        end as cancelled_on,
        orders.is_test,
        coalesce(orders.cancelled_at < clocks.visible_until, false) as is_cancelled,
        orders.currency,
        orders.stated_amount,
        orders.gross_amount,
        orders.net_amount,
        orders.tax_amount,
        orders.shipping_amount,
        clocks.as_of,
        clocks.reporting_currency,
        orders.control_amount,
        orders.has_control_day,
        orders.control_records_count,
        orders.country_code,
        orders.utm_source,
        orders.utm_campaign,
        orders._observed_at,
        orders._dlt_load_id,
        orders.is_attribute_current_fallback
    from {{ ref('int_orders') }} as orders
    inner join {{ ref('int_brand_clocks') }} as clocks
        on orders.brand_id = clocks.brand_id
    where orders.ordered_at < clocks.visible_until
),

priced as (
    select
        dated.brand_id,
        dated.source_instance,
        dated.source_kind,
        dated.is_delivery,
        dated.order_id,
        dated.customer_id,
        identities.customer_key,
        dated.ordered_at,
        dated.ordered_on,
        dated.cancelled_at,
        dated.cancelled_on,
        dated.is_test,
        dated.is_cancelled,
        -- What was sold stays sold on its day, and is taken back on the day of its cancellation unless it is the same.
        (ledger_brands.brand_id is null or ledgers.source_instance is not null)
        and not dated.is_test
        and coalesce(dated.net_amount > 0, false)
        and coalesce(dated.cancelled_on > dated.ordered_on, true) as is_revenue_order,
        dated.currency,
        dated.stated_amount,
        dated.gross_amount,
        dated.net_amount,
        dated.tax_amount,
        dated.shipping_amount,
        dated.reporting_currency,
        case
            when dated.currency = dated.reporting_currency then cast(1 as double)
            else cast(rates.units_per_reporting as double)
        end as fx_rate,
        dated.control_amount,
        dated.has_control_day,
        dated.control_records_count,
        dated.country_code,
        dated.utm_source,
        dated.utm_campaign,
        dated._observed_at,
        dated._dlt_load_id,
        dated.is_attribute_current_fallback
    from dated
    left join {{ ref('int_fx_rates') }} as rates
        on dated.currency = rates.currency
        and least(dated.ordered_on, dated.as_of) = rates.rate_on
    left join ledger_brands
        on dated.brand_id = ledger_brands.brand_id
    left join {{ ref('stg_config__ledgers') }} as ledgers
        on dated.brand_id = ledgers.brand_id
        and dated.source_instance = ledgers.source_instance
    left join {{ ref('int_person_identities') }} as identities
        on dated.source_instance = identities.source_instance
        and dated.brand_id = identities.brand_id
        and identities.record_type = case when dated.customer_id is null then 'guest_order' else 'customer' end
        and identities.source_id = coalesce(dated.customer_id, dated.order_id)
),

converted as (
    select
        brand_id,
        source_instance,
        source_kind,
        is_delivery,
        order_id,
        customer_id,
        customer_key,
        ordered_at,
        ordered_on,
        cancelled_at,
        cancelled_on,
        is_test,
        is_cancelled,
        is_revenue_order,
        currency,
        stated_amount,
        gross_amount,
        net_amount,
        tax_amount,
        shipping_amount,
        reporting_currency,
        fx_rate,
        {{ to_reporting('gross_amount', 'fx_rate') }} as gross_amount_reporting,
        {{ to_reporting('net_amount', 'fx_rate') }} as net_amount_reporting,
        control_amount,
        has_control_day,
        control_records_count,
        country_code,
        utm_source,
        utm_campaign,
        _observed_at,
        _dlt_load_id,
        is_attribute_current_fallback
    from priced
),

final as (
    select
        {{ surrogate_key(['brand_id', 'source_instance', 'order_id']) }} as order_key,
        brand_id,
        source_instance,
        source_kind,
        is_delivery,
        order_id,
        customer_id,
        customer_key,
        ordered_at,
        ordered_on,
        cancelled_at,
        cancelled_on,
        is_test,
        is_cancelled,
        is_revenue_order,
        case
            when is_revenue_order and customer_key is not null then
                cast(row_number() over customer_orders as bigint)
        end as customer_order_number,
        case
            when is_revenue_order and customer_key is not null then
                cast(
                    {{ days_between('lag(ordered_on) over customer_orders', 'ordered_on') }} as bigint
                )
        end as days_since_previous_order,
        currency,
        stated_amount,
        gross_amount,
        cast(gross_amount - net_amount as decimal(18, 4)) as discount_amount,
        net_amount,
        tax_amount,
        shipping_amount,
        reporting_currency,
        fx_rate,
        gross_amount_reporting,
        cast(gross_amount_reporting - net_amount_reporting as decimal(18, 4)) as discount_amount_reporting,
        net_amount_reporting,
        control_amount,
        has_control_day,
        control_records_count,
        country_code,
        utm_source,
        utm_campaign,
        _observed_at,
        _dlt_load_id,
        is_attribute_current_fallback
    from converted
    window customer_orders as (
        partition by customer_key, is_revenue_order
        order by ordered_at, source_instance, order_id
    )
)

select * from final
