-- grain: source instance x order, the version in force as of the run; amounts without tax, shipping and gift cards
with line_sums as (
    select
        source_instance,
        order_id,
        cast(sum(case when is_gift_card then 0 else quantity * unit_price end) as decimal(18, 4)) as gross_amount,
        cast(sum(case when is_gift_card then 0 else discount_amount end) as decimal(18, 4)) as discount_amount,
        cast(sum(case when is_gift_card then quantity * unit_price else 0 end) as decimal(18, 4)) as gift_card_amount,
        cast(sum(tax_amount) as decimal(18, 4)) as tax_amount
    from {{ ref('base_shopify__order_lines') }}
    group by source_instance, order_id
),

first_landings as (
    {{ first_landed(source('shopify', 'orders'), ['source_instance', 'order_id']) }}
),

matched as (
    select
        orders.*,
        line_sums.discount_amount as lines_discount_amount,
        line_sums.tax_amount as lines_tax_amount,
        -- A gift card is money taken in advance; it becomes revenue with the order that it pays for.
        cast(orders.gross_amount - coalesce(line_sums.gift_card_amount, 0) as decimal(18, 4)) as full_price_amount,
        coalesce(
            line_sums.gross_amount + coalesce(line_sums.gift_card_amount, 0) = orders.gross_amount, false
        ) as is_sum_of_its_lines
    from {{ ref('base_shopify__orders') }} as orders
    left join line_sums
        on orders.source_instance = line_sums.source_instance
        and orders.order_id = line_sums.order_id
),

stated as (
    select
        matched.*,
        -- The order's discount holds that of shipping too, which is no part of the amount; that of its lines does not.
        cast(
            matched.full_price_amount - coalesce(
                case when matched.is_sum_of_its_lines then matched.lines_discount_amount end, matched.discount_amount, 0
            ) as decimal(18, 4)
        ) as stated_amount,
        -- The order's tax holds that of shipping too; its lines' tax does not.
        case
            when not matched.is_tax_included then 0
            when matched.is_sum_of_its_lines and matched.lines_tax_amount is not null then matched.lines_tax_amount
            else coalesce(matched.tax_amount, 0)
        end as included_tax_amount
    from matched
),

netted as (
    select
        stated.*,
        cast(stated.stated_amount - stated.included_tax_amount as decimal(18, 4)) as net_amount
    from stated
),

final as (
    select
        netted.brand_id,
        netted.source_instance,
        cast(1 as bigint) as source_rank,
        'shopify' as source_kind,
        netted.order_id,
        netted.customer_id,
        netted.email_token,
        netted.ordered_at,
        netted.cancelled_at,
        coalesce(netted.is_test, false) as is_test,
        netted.currency,
        netted.stated_amount,
        {{ without_tax('netted.full_price_amount', 'netted.stated_amount', 'netted.net_amount') }} as gross_amount,
        netted.net_amount,
        netted.tax_amount,
        netted.shipping_amount,
        -- The shop's report leaves tests out, and is of net sales.
        cast(case when netted.is_test then 0 else netted.net_amount end as decimal(18, 4)) as control_amount,
        true as has_control_day,
        cast(case when netted.is_test then 0 else 1 end as bigint) as control_records_count,
        netted.country_code,
        netted.utm_source,
        netted.utm_campaign,
        first_landings.first_landed_at,
        netted.is_attribute_current_fallback,
        netted._observed_at,
        netted._dlt_load_id
    from netted
    inner join first_landings
        on netted.source_instance = first_landings.source_instance
        and netted.order_id = first_landings.order_id
)

select * from final
