-- grain: source record of a person: CRM contact, shop or file customer, or order of a guest who left an e-mail
with contacts as (
    select
        brand_id,
        source_instance,
        contact_id,
        email_token,
        phone_token,
        handle_token,
        country_code,
        acquisition_channel,
        lifecycle_stage,
        marketing_consent,
        merged_contact_ids,
        created_at,
        updated_at,
        is_archived,
        is_attribute_current_fallback
    from {{ ref('stg_hubspot__contacts') }}
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
        false as is_attribute_current_fallback
    from merges_by_contact
    left join contacts
        on merges_by_contact.source_instance = contacts.source_instance
        and merges_by_contact.merged_id = contacts.contact_id
    where contacts.contact_id is null
),

shop_customers as (
    select
        brand_id,
        source_instance,
        'customer' as record_type,
        customer_id as source_id,
        email_token,
        phone_token,
        cast(null as string) as handle_token,
        cast(null as string) as survivor_id,
        country_code,
        cast(null as string) as acquisition_channel,
        cast(null as string) as lifecycle_stage,
        marketing_consent,
        created_at,
        cast(null as timestamp) as ended_at,
        is_attribute_current_fallback
    from {{ ref('stg_shopify__customers') }}
),

file_customers as (
    select
        brand_id,
        source_instance,
        'customer' as record_type,
        customer_id as source_id,
        email_token,
        phone_token,
        handle_token,
        cast(null as string) as survivor_id,
        country_code,
        acquisition_channel,
        cast(null as string) as lifecycle_stage,
        marketing_consent,
        created_at,
        cast(null as timestamp) as ended_at,
        is_attribute_current_fallback
    from {{ ref('stg_file_drop__customers') }}
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
    inner join {{ ref('int_brand_clocks') }} as clocks
        on all_order_parties.brand_id = clocks.brand_id
    where all_order_parties.ordered_at < clocks.visible_until
),

customers_of_orders as (
    select
        order_parties.brand_id,
        order_parties.source_instance,
        order_parties.customer_id,
        min(order_parties.ordered_at) as created_at
    from order_parties
    left join shop_customers
        on order_parties.source_instance = shop_customers.source_instance
        and order_parties.customer_id = shop_customers.source_id
    left join file_customers
        on order_parties.source_instance = file_customers.source_instance
        and order_parties.customer_id = file_customers.source_id
    where
        order_parties.customer_id is not null
        and shop_customers.source_id is null
        and file_customers.source_id is null
    group by order_parties.brand_id, order_parties.source_instance, order_parties.customer_id
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
        false as is_attribute_current_fallback
    from unlisted_records
),

{% set columns -%}
brand_id, source_instance, record_type, source_id, email_token, phone_token, handle_token, survivor_id, country_code,
        acquisition_channel, lifecycle_stage, marketing_consent, created_at, ended_at, is_attribute_current_fallback
{%- endset -%}

records as (
    {% for part in ['contact_records', 'unseen_merged_contacts', 'shop_customers', 'file_customers', 'unlisted'] -%}
    select
        {{ columns }}
    from {{ part }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        {{ surrogate_key(['brand_id', 'source_instance', 'record_type', 'source_id']) }} as record_key,
        {{ columns }}
    from records
)

select * from final
