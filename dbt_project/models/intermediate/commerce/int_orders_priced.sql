-- grain: order of a shop or a file, that the run may see; amounts without tax and shipping
with shop_orders as (
    select
        orders.brand_id,
        orders.source_instance,
        'shopify' as source_kind,
        orders.order_id,
        orders.customer_id,
        orders.email_token,
        orders.ordered_at,
        orders.cancelled_at,
        orders.is_test,
        orders.currency,
        -- A gift card is money taken in advance; it becomes revenue with the order that it pays for.
        cast(orders.gross_amount - coalesce(line_sums.gift_card_amount, 0) as decimal(18, 4)) as gross_amount,
        -- The order's discount holds that of shipping too, which is no part of the amount; that of its lines does not.
        coalesce(
            case
                when line_sums.gross_amount + coalesce(line_sums.gift_card_amount, 0) = orders.gross_amount
                    then line_sums.discount_amount
            end,
            orders.discount_amount, 0
        ) as discount_amount,
        orders.tax_amount,
        -- The order's tax holds that of shipping too; its lines' tax does not.
        case
            when not orders.is_tax_included then 0
            when
                line_sums.gross_amount + coalesce(line_sums.gift_card_amount, 0) = orders.gross_amount
                and line_sums.tax_amount is not null
                then line_sums.tax_amount
            else coalesce(orders.tax_amount, 0)
        end as included_tax_amount,
        orders.shipping_amount,
        orders.country_code,
        orders.utm_source,
        orders.utm_campaign,
        orders._observed_at,
        orders._dlt_load_id,
        orders.is_attribute_current_fallback
    from {{ ref('stg_shopify__orders') }} as orders
    left join {{ ref('int_order_line_sums') }} as line_sums
        on orders.source_instance = line_sums.source_instance
        and orders.order_id = line_sums.order_id
),

file_orders as (
    select
        orders.brand_id,
        orders.source_instance,
        'file_drop' as source_kind,
        orders.order_id,
        orders.customer_id,
        cast(null as string) as email_token,
        orders.ordered_at,
        orders.cancelled_at,
        orders.is_test,
        orders.currency,
        coalesce(orders.gross_amount, line_sums.gross_amount) as gross_amount,
        -- A file that states no discount gave none; lines that make up the amount have theirs beside the order's own.
        cast(
            coalesce(case when orders.gross_amount is null then line_sums.discount_amount end, 0)
            + coalesce(orders.discount_amount, 0) as decimal(18, 4)
        ) as discount_amount,
        coalesce(orders.tax_amount, line_sums.tax_amount) as tax_amount,
        cast(0 as decimal(18, 4)) as included_tax_amount,
        orders.shipping_amount,
        orders.country_code,
        orders.utm_source,
        orders.utm_campaign,
        orders._observed_at,
        orders._dlt_load_id,
        orders.is_attribute_current_fallback
    from {{ ref('stg_file_drop__orders') }} as orders
    left join {{ ref('int_order_line_sums') }} as line_sums
        on orders.source_instance = line_sums.source_instance
        and orders.order_id = line_sums.order_id
),

{% set columns -%}
brand_id, source_instance, source_kind, order_id, customer_id, email_token, ordered_at, cancelled_at, is_test, currency,
        gross_amount, discount_amount, tax_amount, included_tax_amount, shipping_amount, country_code, utm_source,
        utm_campaign, _observed_at, _dlt_load_id, is_attribute_current_fallback
{%- endset -%}

all_orders as (
    select
        {{ columns }}
    from shop_orders
    union all
    select
        {{ columns }}
    from file_orders
),

dated as (
    select
        all_orders.brand_id,
        all_orders.source_instance,
        all_orders.source_kind,
        all_orders.order_id,
        all_orders.customer_id,
        all_orders.email_token,
        all_orders.ordered_at,
        cast({{ utc_to_local('all_orders.ordered_at', 'clocks.timezone') }} as date) as ordered_on,
        case when all_orders.cancelled_at < clocks.visible_until then all_orders.cancelled_at end as cancelled_at,
        case
            when all_orders.cancelled_at < clocks.visible_until
                then cast({{ utc_to_local('all_orders.cancelled_at', 'clocks.timezone') }} as date)
        end as cancelled_on,
        coalesce(all_orders.is_test, false) as is_test,
        coalesce(all_orders.cancelled_at < clocks.visible_until, false) as is_cancelled,
        all_orders.currency,
        cast(all_orders.gross_amount - all_orders.discount_amount as decimal(18, 4)) as stated_amount,
        cast(
            all_orders.gross_amount - all_orders.discount_amount - all_orders.included_tax_amount as decimal(18, 4)
        ) as net_amount,
        all_orders.gross_amount as stated_gross_amount,
        all_orders.tax_amount,
        all_orders.shipping_amount,
        clocks.as_of,
        clocks.reporting_currency,
        all_orders.country_code,
        all_orders.utm_source,
        all_orders.utm_campaign,
        all_orders._observed_at,
        all_orders._dlt_load_id,
        all_orders.is_attribute_current_fallback
    from all_orders
    inner join {{ ref('int_brand_clocks') }} as clocks
        on all_orders.brand_id = clocks.brand_id
    where all_orders.ordered_at < clocks.visible_until
),

priced as (
    select
        dated.brand_id,
        dated.source_instance,
        dated.source_kind,
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
        not dated.is_test
        and coalesce(dated.net_amount > 0, false)
        and coalesce(dated.cancelled_on > dated.ordered_on, true) as is_revenue_order,
        dated.currency,
        dated.stated_amount,
        -- Tax weighs on full price and discount alike; an order given away shows no rate by which to take it out.
        case
            when dated.stated_amount = 0 or dated.stated_amount = dated.net_amount then dated.stated_gross_amount
            else cast(
                round(
                    cast(dated.stated_gross_amount as double) * cast(dated.net_amount as double)
                    / nullif(cast(dated.stated_amount as double), 0), 4
                ) as decimal(18, 4)
            )
        end as gross_amount,
        dated.net_amount,
        dated.tax_amount,
        dated.shipping_amount,
        dated.reporting_currency,
        case
            when dated.currency = dated.reporting_currency then cast(1 as double)
            else cast(rates.units_per_reporting as double)
        end as fx_rate,
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
        cast(gross_amount as decimal(18, 4)) as gross_amount,
        cast(gross_amount - net_amount as decimal(18, 4)) as discount_amount,
        net_amount,
        tax_amount,
        shipping_amount,
        reporting_currency,
        fx_rate,
        gross_amount_reporting,
        cast(gross_amount_reporting - net_amount_reporting as decimal(18, 4)) as discount_amount_reporting,
        net_amount_reporting,
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
