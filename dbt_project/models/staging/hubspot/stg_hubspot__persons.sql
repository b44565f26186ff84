-- grain: source instance x contact, its newest version
with first_landings as (
    {{ first_landed(source('hubspot', 'contacts'), ['source_instance', 'contact_id']) }}
),

final as (
    select
        contacts.brand_id,
        contacts.source_instance,
        cast(1 as bigint) as source_rank,
        'hubspot' as source_kind,
        'contact' as record_type,
        contacts.contact_id as customer_id,
        'crm' as known_from,
        contacts.email_token,
        contacts.phone_token,
        contacts.handle_token,
        contacts.country_code,
        contacts.acquisition_channel,
        contacts.lifecycle_stage,
        contacts.marketing_consent,
        contacts.created_at,
        contacts.updated_at as changed_at,
        coalesce(contacts.is_archived, false) as is_archived,
        first_landings.first_landed_at,
        contacts.is_attribute_current_fallback,
        contacts._observed_at,
        contacts._dlt_load_id
    from {{ ref('base_hubspot__contacts') }} as contacts
    inner join first_landings
        on contacts.source_instance = first_landings.source_instance
        and contacts.contact_id = first_landings.contact_id
)

select * from final
