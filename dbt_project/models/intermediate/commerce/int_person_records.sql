-- grain: source record of a person: CRM contact, shop or file customer, or order of a guest who left an e-mail
-- Who came after the run's moment is not there yet, unless an order of theirs is.
with clocks as (
    select
        brand_id,
        visible_until
    from {{ ref('int_brand_clocks') }}
),

order_parties as (
    select
        orders.brand_id,
        orders.source_instance,
        orders.order_id,
        orders.customer_id,
        orders.email_token,
        orders.ordered_at,
        orders.first_landed_at
    from {{ ref('int_orders') }} as orders
    inner join clocks
        on orders.brand_id = clocks.brand_id
    where orders.ordered_at < clocks.visible_until
),

buyers as (
    select
        brand_id,
        source_instance,
        customer_id,
        min(ordered_at) as first_ordered_at,
        min(first_landed_at) as first_landed_at
    from order_parties
    where customer_id is not null
    group by brand_id, source_instance, customer_id
),

persons as (
    select
        persons.brand_id,
        persons.source_instance,
        persons.record_type,
        persons.customer_id,
        persons.known_from,
        persons.email_token,
        persons.phone_token,
        persons.handle_token,
        persons.country_code,
        persons.acquisition_channel,
        persons.lifecycle_stage,
        persons.marketing_consent,
        persons.created_at,
        persons.changed_at,
        persons.is_archived and persons.changed_at < clocks.visible_until as is_archived,
        least(persons.first_landed_at, coalesce(buyers.first_landed_at, persons.first_landed_at)) as first_landed_at,
        persons._observed_at as observed_at,
        persons.is_attribute_current_fallback
    from {{ ref('int_persons') }} as persons
    inner join clocks
        on persons.brand_id = clocks.brand_id
    left join buyers
        on persons.source_instance = buyers.source_instance
        and persons.customer_id = buyers.customer_id
        and persons.record_type = 'customer'
    where
        persons.created_at is null
        or persons.created_at < clocks.visible_until
        or buyers.customer_id is not null
),

merged_records as (
    select
        merged_records.brand_id,
        merged_records.source_instance,
        merged_records.record_type,
        merged_records.merged_id,
        merged_records.survivor_id,
        merged_records.merged_at,
        merged_records._observed_at as first_landed_at
    from {{ ref('int_person_merges') }} as merged_records
    inner join clocks
        on merged_records.brand_id = clocks.brand_id
    where merged_records.survivor_created_at is null or merged_records.survivor_created_at < clocks.visible_until
),

listed as (
    select
        persons.known_from,
        persons.brand_id,
        persons.source_instance,
        persons.record_type,
        persons.customer_id as source_id,
        persons.email_token,
        persons.phone_token,
        persons.handle_token,
        merged_records.survivor_id,
        persons.country_code,
        persons.acquisition_channel,
        persons.lifecycle_stage,
        persons.marketing_consent,
        persons.created_at,
        case when merged_records.survivor_id is not null or persons.is_archived then persons.changed_at end as ended_at,
        persons.first_landed_at,
        persons.observed_at,
        persons.is_attribute_current_fallback
    from persons
    left join merged_records
        on persons.source_instance = merged_records.source_instance
        and persons.record_type = merged_records.record_type
        and persons.customer_id = merged_records.merged_id
),

unlisted as (
    select
        'crm' as known_from,
        merged_records.brand_id,
        merged_records.source_instance,
        merged_records.record_type,
        merged_records.merged_id as source_id,
        cast(null as string) as email_token,
        merged_records.survivor_id,
        cast(null as timestamp) as created_at,
        merged_records.merged_at as ended_at,
        merged_records.first_landed_at
    from merged_records
    left join persons
        on merged_records.source_instance = persons.source_instance
        and merged_records.record_type = persons.record_type
        and merged_records.merged_id = persons.customer_id
    where persons.customer_id is null
    union all
    select
        'order' as known_from,
        buyers.brand_id,
        buyers.source_instance,
        'customer' as record_type,
        buyers.customer_id as source_id,
        cast(null as string) as email_token,
        cast(null as string) as survivor_id,
        buyers.first_ordered_at as created_at,
        cast(null as timestamp) as ended_at,
        buyers.first_landed_at
    from buyers
    left join persons
        on buyers.source_instance = persons.source_instance
        and buyers.customer_id = persons.customer_id
        and persons.record_type = 'customer'
    where persons.customer_id is null
    union all
    select
        'order' as known_from,
        brand_id,
        source_instance,
        'guest_order' as record_type,
        order_id as source_id,
        email_token,
        cast(null as string) as survivor_id,
        ordered_at as created_at,
        cast(null as timestamp) as ended_at,
        first_landed_at
    from order_parties
    where customer_id is null and email_token is not null
),

records as (
    select
        known_from,
        brand_id,
        source_instance,
        record_type,
        source_id,
        email_token,
        phone_token,
        handle_token,
        survivor_id,
        country_code,
        acquisition_channel,
        lifecycle_stage,
        marketing_consent,
        created_at,
        ended_at,
        first_landed_at,
        observed_at,
        is_attribute_current_fallback
    from listed
    union all
    select
        known_from,
        brand_id,
        source_instance,
        record_type,
        source_id,
        email_token,
        cast(null as string) as phone_token,
        cast(null as string) as handle_token,
        survivor_id,
        cast(null as string) as country_code,
        cast(null as string) as acquisition_channel,
        cast(null as string) as lifecycle_stage,
        cast(null as string) as marketing_consent,
        created_at,
        ended_at,
        first_landed_at,
        cast(null as timestamp) as observed_at,
        false as is_attribute_current_fallback
    from unlisted
),

-- Sources spell as they like; from here on there is one spelling.
final as (
    select
        {{ surrogate_key(['brand_id', 'source_instance', 'record_type', 'source_id']) }} as record_key,
        brand_id,
        source_instance,
        record_type,
        known_from,
        source_id,
        email_token,
        phone_token,
        handle_token,
        survivor_id,
        nullif(upper(trim(country_code)), '') as country_code,
        nullif(replace(replace(lower(trim(acquisition_channel)), ' ', '_'), '-', '_'), '') as acquisition_channel,
        lifecycle_stage,
        {{ consent_word('marketing_consent') }} as marketing_consent,
        created_at,
        ended_at,
        first_landed_at,
        observed_at,
        is_attribute_current_fallback
    from records
)

select * from final
