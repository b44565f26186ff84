-- grain: source instance x shop customer, its newest version
with newest as (
    {{ newest_version(source('shopify', 'customers'), ['source_instance', 'customer_id'], ['updated_at']) }}
),

first_landings as (
    {{ first_landed(source('shopify', 'customers'), ['source_instance', 'customer_id']) }}
),

final as (
    select
        newest.brand_id,
        newest.source_instance,
        cast(1 as bigint) as source_rank,
        'shopify' as source_kind,
        'customer' as record_type,
        newest.customer_id,
        'shop' as known_from,
        newest.email_token,
        newest.phone_token,
        cast(null as string) as handle_token,
        newest.country_code,
        cast(null as string) as acquisition_channel,
        cast(null as string) as lifecycle_stage,
        newest.marketing_consent,
        cast(newest.created_at as timestamp) as created_at,
        cast(newest.updated_at as timestamp) as changed_at,
        false as is_archived,
        first_landings.first_landed_at,
        newest.is_attribute_current_fallback,
        cast(newest._observed_at as timestamp) as _observed_at,
        newest._dlt_load_id
    from newest
    inner join first_landings
        on newest.source_instance = first_landings.source_instance
        and newest.customer_id = first_landings.customer_id
)

select * from final
