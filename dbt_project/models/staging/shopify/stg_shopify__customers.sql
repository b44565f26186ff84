-- grain: source instance x shop customer, its newest version
with newest as (
    {{ newest_version(source('shopify', 'customers'), ['source_instance', 'customer_id'], ['updated_at']) }}
),

final as (
    select
        brand_id,
        source_instance,
        customer_id,
        email_token,
        phone_token,
        country_code,
        marketing_consent,
        cast(created_at as timestamp) as created_at,
        cast(updated_at as timestamp) as updated_at,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id,
        is_attribute_current_fallback
    from newest
)

select * from final
