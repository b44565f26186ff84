-- grain: source instance x abandoned checkout, its newest version
with newest as (
    {{ newest_version(source('shopify', 'abandoned_checkouts'), ['source_instance', 'checkout_id'], ['updated_at']) }}
),

final as (
    select
        brand_id,
        source_instance,
        cast(1 as bigint) as source_rank,
        'shopify' as source_kind,
        checkout_id,
        customer_id,
        cast(created_at as timestamp) as created_at,
        cast(completed_at as timestamp) as completed_at,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
)

select * from final
