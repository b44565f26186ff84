-- grain: person of a brand
with current_bands as (
    select
        customer_key,
        value_band
    from {{ ref('int_customer_months') }}
    where as_of_day = {{ run_setting('as_of') }}
),

records as (
    select
        source_instance,
        record_type,
        source_id,
        customer_key
    from {{ ref('int_person_identities') }}
),

won_deals as (
    select
        records.customer_key,
        cast(count(*) as bigint) as won_deals_count
    from {{ ref('int_deals') }} as deals
    inner join records
        on deals.source_instance = records.source_instance
        and deals.customer_id = records.source_id
        and records.record_type <> 'guest_order'
    inner join {{ ref('int_brand_clocks') }} as clocks
        on deals.brand_id = clocks.brand_id
    where deals.is_won and not deals.is_archived and deals.closed_at < clocks.visible_until
    group by records.customer_key
),

abandoned_checkouts as (
    select
        records.customer_key,
        cast(count(*) as bigint) as abandoned_checkouts_count
    from {{ ref('int_checkouts') }} as checkouts
    inner join records
        on checkouts.source_instance = records.source_instance
        and checkouts.customer_id = records.source_id
        and records.record_type <> 'guest_order'
    inner join {{ ref('int_brand_clocks') }} as clocks
        on checkouts.brand_id = clocks.brand_id
    where
        checkouts.created_at < clocks.visible_until
        and (checkouts.completed_at is null or checkouts.completed_at >= clocks.visible_until)
    group by records.customer_key
),

final as (
    select
        customers.customer_key,
        customers.brand_id,
        {{ run_setting('as_of') }} as as_of,
        customers.party_class,
        customers.first_seen_at,
        customers.first_order_on,
        customers.last_order_on,
        customers.acquisition_month,
        customers.orders_count,
        customers.country_code,
        customers.acquisition_channel,
        customers.acquisition_source,
        current_bands.value_band,
        customers.lifecycle_stage,
        customers.marketing_consent,
        customers.records_count,
        coalesce(won_deals.won_deals_count, 0) as won_deals_count,
        coalesce(abandoned_checkouts.abandoned_checkouts_count, 0) as abandoned_checkouts_count,
        customers.is_deleted,
        customers.is_attribute_current_fallback
    from {{ ref('int_customers') }} as customers
    left join current_bands
        on customers.customer_key = current_bands.customer_key
    left join won_deals
        on customers.customer_key = won_deals.customer_key
    left join abandoned_checkouts
        on customers.customer_key = abandoned_checkouts.customer_key
)

select * from final
