-- grain: source instance x contact, its newest version
with newest as (
    {{ newest_version(source('hubspot', 'contacts'), ['source_instance', 'contact_id'], ['updated_at']) }}
),

final as (
    select
        brand_id,
        source_instance,
        contact_id,
        email_token,
        phone_token,
        handle_token,
        lifecycle_stage,
        country_code,
        acquisition_channel,
        marketing_consent,
        merged_contact_ids,
        cast(created_at as timestamp) as created_at,
        cast(coalesce(archived_at, updated_at) as timestamp) as updated_at,
        is_archived,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id,
        is_attribute_current_fallback
    from newest
)

select * from final
