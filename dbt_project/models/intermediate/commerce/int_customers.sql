-- grain: person of a brand, merged from its source records
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
        case
            when records.ended_at is not null then 'z'
            when records.record_type = 'customer' then 'a'
            else 'b'
        end || records.source_instance || '|' || records.source_id as shop_first,
        case
            when records.ended_at is not null then 'z'
            when records.record_type = 'contact' then 'a'
            else 'b'
        end || records.source_instance || '|' || records.source_id as crm_first
    from {{ ref('int_person_identities') }} as identities
    inner join {{ ref('int_person_records') }} as records
        on identities.record_key = records.record_key
),

record_sums as (
    select
        customer_key,
        brand_id,
        min_by(country_code, shop_first) filter (where country_code is not null) as country_code,
        min_by(lower(acquisition_channel), crm_first) filter (
            where acquisition_channel is not null
        ) as acquisition_channel,
        min_by(lifecycle_stage, crm_first) filter (where lifecycle_stage is not null) as lifecycle_stage,
        cast(
            count(case when marketing_consent in ('unsubscribed', 'redacted') then 1 end) as bigint
        ) as unsubscribed_count,
        cast(count(case when marketing_consent = 'subscribed' then 1 end) as bigint) as subscribed_count,
        cast(count(case when record_type <> 'guest_order' then 1 end) as bigint) as records_count,
        count(*) = count(ended_at) as is_deleted,
        min(created_at) as first_seen_at,
        bool_or(is_attribute_current_fallback) as is_attribute_current_fallback
    from records
    group by customer_key, brand_id
),

order_sums as (
    select
        customer_key,
        min(ordered_on) as first_order_on,
        max(ordered_on) as last_order_on,
        cast(count(*) as bigint) as orders_count,
        max(case when customer_order_number = 1 then country_code end) as first_country_code,
        max(case when customer_order_number = 1 then lower(utm_source) end) as first_utm_source
    from {{ ref('int_orders') }}
    where is_revenue_order and customer_key is not null
    group by customer_key
),

final as (
    select
        record_sums.customer_key,
        record_sums.brand_id,
        case when order_sums.customer_key is not null then 'customer' else 'lead' end as party_class,
        record_sums.first_seen_at,
        order_sums.first_order_on,
        order_sums.last_order_on,
        cast({{ month_start('order_sums.first_order_on') }} as date) as acquisition_month,
        coalesce(order_sums.orders_count, 0) as orders_count,
        coalesce(record_sums.country_code, order_sums.first_country_code) as country_code,
        coalesce(
            record_sums.acquisition_channel, channels.acquisition_channel, order_sums.first_utm_source
        ) as acquisition_channel,
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
