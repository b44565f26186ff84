-- grain: person of a brand, merged from its source records
-- An attribute comes from the kind of source that knows it best, and there from the newest version as of the run.
with records as (
    select
        identities.customer_key,
        records.brand_id,
        records.record_type,
        records.country_code,
        records.acquisition_channel,
        records.lifecycle_stage,
        records.marketing_consent,
        records.created_at,
        records.ended_at,
        records.is_attribute_current_fallback,
        row_number() over (
            partition by identities.customer_key
            order by
                case when records.ended_at is not null then 1 else 0 end asc,
                case records.known_from when 'shop' then 0 when 'file' then 1 else 2 end asc,
                records.is_attribute_current_fallback asc,
                records.observed_at desc nulls last,
                records.source_instance asc,
                records.source_id asc
        ) as shop_rank,
        row_number() over (
            partition by identities.customer_key
            order by
                case when records.ended_at is not null then 1 else 0 end asc,
                case records.known_from when 'crm' then 0 when 'file' then 1 else 2 end asc,
                records.is_attribute_current_fallback asc,
                records.observed_at desc nulls last,
                records.source_instance asc,
                records.source_id asc
        ) as crm_rank
    from {{ ref('int_person_identities') }} as identities
    inner join {{ ref('int_person_records') }} as records
        on identities.record_key = records.record_key
),

record_sums as (
    select
        customer_key,
        brand_id,
        min_by(country_code, shop_rank) filter (where country_code is not null) as country_code,
        min_by(acquisition_channel, crm_rank) filter (where acquisition_channel is not null) as acquisition_channel,
        min_by(lifecycle_stage, crm_rank) filter (where lifecycle_stage is not null) as lifecycle_stage,
        cast(
            count(case when marketing_consent = 'unsubscribed' then 1 end) as bigint
        ) as unsubscribed_count,
        cast(count(case when marketing_consent = 'subscribed' then 1 end) as bigint) as subscribed_count,
        cast(count(case when record_type <> 'guest_order' then 1 end) as bigint) as records_count,
        count(*) = count(ended_at) as is_deleted,
        min(created_at) as first_seen_at,
        bool_or(is_attribute_current_fallback) as is_attribute_current_fallback
    from records
    group by customer_key, brand_id
),

order_refunds as (
    select
        order_key,
        currency,
        cast(sum(net_amount) as decimal(18, 4)) as refunded_amount
    from {{ ref('int_refunds_priced') }}
    where is_revenue_refund
    group by order_key, currency
),

orders as (
    select
        orders.customer_key,
        orders.customer_order_number,
        orders.ordered_at,
        orders.ordered_on,
        orders.is_test,
        orders.is_revenue_order,
        nullif(upper(trim(orders.country_code)), '') as country_code,
        nullif(lower(trim(orders.utm_source)), '') as utm_source,
        -- In the order's currency, as rates move; a cent may be left of tax.
        orders.net_amount - coalesce(order_refunds.refunded_amount, 0) > 0.01 as is_kept
    from {{ ref('int_orders_priced') }} as orders
    left join order_refunds
        on orders.order_key = order_refunds.order_key
        and orders.currency = order_refunds.currency
    where orders.customer_key is not null
),

order_sums as (
    select
        customer_key,
        min(case when not is_test then ordered_at end) as first_ordered_at,
        min(case when is_revenue_order then ordered_on end) as first_order_on,
        max(case when is_revenue_order then ordered_on end) as last_order_on,
        min(case when is_revenue_order and is_kept then ordered_on end) as acquired_on,
        cast(count(case when is_revenue_order then 1 end) as bigint) as orders_count,
        max(case when customer_order_number = 1 then country_code end) as first_country_code,
        max(case when customer_order_number = 1 then utm_source end) as first_utm_source
    from orders
    group by customer_key
),

final as (
    select
        record_sums.customer_key,
        record_sums.brand_id,
        case when order_sums.orders_count > 0 then 'customer' else 'lead' end as party_class,
        least(
            coalesce(record_sums.first_seen_at, order_sums.first_ordered_at),
            coalesce(order_sums.first_ordered_at, record_sums.first_seen_at)
        ) as first_seen_at,
        order_sums.first_order_on,
        order_sums.last_order_on,
        order_sums.acquired_on,
        cast({{ month_start('order_sums.acquired_on') }} as date) as acquisition_month,
        coalesce(order_sums.orders_count, 0) as orders_count,
        coalesce(record_sums.country_code, order_sums.first_country_code) as country_code,
        coalesce(record_sums.acquisition_channel, channels.acquisition_channel) as acquisition_channel,
        order_sums.first_utm_source as acquisition_source,
        record_sums.lifecycle_stage,
        case
            when record_sums.unsubscribed_count > 0 then 'unsubscribed'
            when record_sums.subscribed_count > 0 then 'subscribed'
            else 'unknown'
        end as marketing_consent,
        record_sums.records_count,
        record_sums.is_deleted,
        record_sums.is_attribute_current_fallback
    from record_sums
    left join order_sums
        on record_sums.customer_key = order_sums.customer_key
    left join {{ ref('acquisition_channels') }} as channels
        on order_sums.first_utm_source = channels.utm_source
)

select * from final
