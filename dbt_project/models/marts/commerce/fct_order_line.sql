-- grain: line of an order
with final as (
    select
        order_key,
        brand_id,
        source_instance,
        order_id,
        line_id,
        case
            when product_id is not null then {{ surrogate_key(['brand_id', 'source_instance', 'product_id']) }}
        end as product_key,
        customer_key,
        ordered_on,
        is_revenue_order,
        quantity,
        currency,
        gross_amount,
        discount_amount,
        net_amount,
        net_amount_reporting,
        {{ run_setting('as_of') }} as as_of
    from {{ ref('int_order_lines_priced') }}
)

select * from final
