-- grain: refund line or cancellation, dated at its own day
with final as (
    select
        refund_key,
        order_key,
        brand_id,
        source_instance,
        refund_id,
        refund_kind,
        order_id,
        line_id,
        customer_key,
        refunded_at,
        refunded_on,
        ordered_on,
        cast({{ days_between('ordered_on', 'refunded_on') }} as bigint) as days_since_order,
        is_revenue_refund,
        currency,
        net_amount as amount,
        cast(net_amount_reporting + exchange_difference as decimal(18, 4)) as amount_reporting,
        cast(case when is_revenue_refund then net_amount_reporting else 0 end as decimal(18, 4)) as refunded_revenue,
        cast(case when is_revenue_refund then exchange_difference else 0 end as decimal(18, 4)) as exchange_difference,
        {{ run_setting('as_of') }} as as_of
    from {{ ref('int_refunds_priced') }}
)

select * from final
