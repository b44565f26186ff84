-- grain: source record of a person: CRM contact, shop or file customer, or order of a guest who left an e-mail
-- Who came after the run's moment is not there yet, unless an order of theirs is.
with clocks as (
    select
        brand_id,
        visible_until
    from {{ ref('int_brand_clocks') }}
),

contacts as (
    select
        contacts.brand_id,
        contacts.source_instance,
        contacts.contact_id,
        contacts.email_token,
        contacts.phone_token,
        contacts.handle_token,
        contacts.country_code,
        contacts.acquisition_channel,
        contacts.lifecycle_stage,
        contacts.marketing_consent,
        contacts.merged_contact_ids,
        contacts.created_at,
        contacts.updated_at,
        contacts.is_archived and contacts.updated_at < clocks.visible_until as is_archived,
        contacts._observed_at as observed_at,
        contacts.is_attribute_current_fallback
    from {{ ref('stg_hubspot__contacts') }} as contacts
    inner join clocks
        on contacts.brand_id = clocks.brand_id
    where contacts.created_at is null or contacts.created_at < clocks.visible_until
),

contact_merges as (
    select
        brand_id,
        source_instance,
        contact_id as survivor_id,
        created_at,
        updated_at,
        {{ split_rows('merged_contact_ids', ';') }} as merged_id
    from contacts
),

merges_by_contact as (
    select
        brand_id,
        source_instance,
        trim(merged_id) as merged_id,
        min(survivor_id) as survivor_id,
        min(created_at) as created_at,
        min(updated_at) as merged_at
    from contact_merges
    where trim(merged_id) <> '' and trim(merged_id) <> survivor_id
    group by brand_id, source_instance, trim(merged_id)
),

contact_records as (
    select
        contacts.brand_id,
        contacts.source_instance,
        'contact' as record_type,
        contacts.contact_id as source_id,
        contacts.email_token,
        contacts.phone_token,
        contacts.handle_token,
        merges_by_contact.survivor_id,
        contacts.country_code,
        contacts.acquisition_channel,
        contacts.lifecycle_stage,
        contacts.marketing_consent,
        contacts.created_at,
        case
            when merges_by_contact.survivor_id is not null or contacts.is_archived then contacts.updated_at
        end as ended_at,
        contacts.observed_at,
        contacts.is_attribute_current_fallback
    from contacts
    left join merges_by_contact
        on contacts.source_instance = merges_by_contact.source_instance
        and contacts.contact_id = merges_by_contact.merged_id
),

unseen_merged_contacts as (
    select
        merges_by_contact.brand_id,
        merges_by_contact.source_instance,
        'contact' as record_type,
        merges_by_contact.merged_id as source_id,
        cast(null as string) as email_token,
        cast(null as string) as phone_token,
        cast(null as string) as handle_token,
        merges_by_contact.survivor_id,
        cast(null as string) as country_code,
        cast(null as string) as acquisition_channel,
        cast(null as string) as lifecycle_stage,
        cast(null as string) as marketing_consent,
        cast(null as timestamp) as created_at,
        merges_by_contact.merged_at as ended_at,
        cast(null as timestamp) as observed_at,
        false as is_attribute_current_fallback
    from merges_by_contact
    left join contacts
        on merges_by_contact.source_instance = contacts.source_instance
        and merges_by_contact.merged_id = contacts.contact_id
    where contacts.contact_id is null
),

all_order_parties as (
    select
        brand_id,
        source_instance,
        order_id,
        customer_id,
        email_token,
        ordered_at
    from {{ ref('stg_shopify__orders') }}
    union all
    select
        brand_id,
        source_instance,
        order_id,
        customer_id,
        cast(null as string) as email_token,
        ordered_at
    from {{ ref('stg_file_drop__orders') }}
),

order_parties as (
    select
        all_order_parties.brand_id,
        all_order_parties.source_instance,
        all_order_parties.order_id,
        all_order_parties.customer_id,
        all_order_parties.email_token,
        all_order_parties.ordered_at
    from all_order_parties
    inner join clocks
        on all_order_parties.brand_id = clocks.brand_id
    where all_order_parties.ordered_at < clocks.visible_until
),

buyers as (
    select
        brand_id,
        source_instance,
        customer_id,
        min(ordered_at) as first_ordered_at
    from order_parties
    where customer_id is not null
    group by brand_id, source_instance, customer_id
),

shop_customers as (
    select
        customers.brand_id,
        customers.source_instance,
        'customer' as record_type,
        customers.customer_id as source_id,
        customers.email_token,
        customers.phone_token,
        cast(null as string) as handle_token,
        cast(null as string) as survivor_id,
        customers.country_code,
        cast(null as string) as acquisition_channel,
        cast(null as string) as lifecycle_stage,
        customers.marketing_consent,
        customers.created_at,
        cast(null as timestamp) as ended_at,
        customers._observed_at as observed_at,
        customers.is_attribute_current_fallback
    from {{ ref('stg_shopify__customers') }} as customers
    inner join clocks
        on customers.brand_id = clocks.brand_id
    left join buyers
        on customers.source_instance = buyers.source_instance
        and customers.customer_id = buyers.customer_id
    where
        customers.created_at is null
        or customers.created_at < clocks.visible_until
        or buyers.customer_id is not null
),

file_customers as (
    select
        customers.brand_id,
        customers.source_instance,
        'customer' as record_type,
        customers.customer_id as source_id,
        customers.email_token,
        customers.phone_token,
        customers.handle_token,
        cast(null as string) as survivor_id,
        customers.country_code,
        customers.acquisition_channel,
        cast(null as string) as lifecycle_stage,
        customers.marketing_consent,
        customers.created_at,
        cast(null as timestamp) as ended_at,
        customers._observed_at as observed_at,
        customers.is_attribute_current_fallback
    from {{ ref('stg_file_drop__customers') }} as customers
    inner join clocks
        on customers.brand_id = clocks.brand_id
    left join buyers
        on customers.source_instance = buyers.source_instance
        and customers.customer_id = buyers.customer_id
    where
        customers.created_at is null
        or customers.created_at < clocks.visible_until
        or buyers.customer_id is not null
),

customers_of_orders as (
    select
        buyers.brand_id,
        buyers.source_instance,
        buyers.customer_id,
        buyers.first_ordered_at as created_at
    from buyers
    left join shop_customers
        on buyers.source_instance = shop_customers.source_instance
        and buyers.customer_id = shop_customers.source_id
    left join file_customers
        on buyers.source_instance = file_customers.source_instance
        and buyers.customer_id = file_customers.source_id
    where shop_customers.source_id is null and file_customers.source_id is null
),

unlisted_records as (
    select
        brand_id,
        source_instance,
        'customer' as record_type,
        customer_id as source_id,
        cast(null as string) as email_token,
        created_at
    from customers_of_orders
    union all
    select
        brand_id,
        source_instance,
        'guest_order' as record_type,
        order_id as source_id,
        email_token,
        ordered_at as created_at
    from order_parties
    where customer_id is null and email_token is not null
),

unlisted as (
    select
        brand_id,
        source_instance,
        record_type,
        source_id,
        email_token,
        cast(null as string) as phone_token,
        cast(null as string) as handle_token,
        cast(null as string) as survivor_id,
        cast(null as string) as country_code,
        cast(null as string) as acquisition_channel,
        cast(null as string) as lifecycle_stage,
        cast(null as string) as marketing_consent,
        created_at,
        cast(null as timestamp) as ended_at,
        cast(null as timestamp) as observed_at,
        false as is_attribute_current_fallback
    from unlisted_records
),

{% set parts = {
    'contact_records': 'crm', 'unseen_merged_contacts': 'crm', 'shop_customers': 'shop', 'file_customers': 'file', 'unlisted': 'order'
} %}

records as (
    {% for part, kind in parts.items() -%}
    select
        '{{ kind }}' as known_from,
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
        observed_at,
        is_attribute_current_fallback
    from {{ part }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
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
        observed_at,
        is_attribute_current_fallback
    from records
)

select * from final
