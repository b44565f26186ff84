-- grain: source instance x abandoned checkout, its newest version
with newest as (
    {{ newest_version(source('shopify', 'abandoned_checkouts'), ['source_instance', 'checkout_id'], ['updated_at']) }}
),

final as (
    select
        brand_id,
        source_instance,
        checkout_id,
        customer_id,
        cast(total_amount as decimal(18, 4)) as total_amount,
        currency,
        cast(completed_at as timestamp) as completed_at,
        cast(created_at as timestamp) as created_at,
        cast(updated_at as timestamp) as updated_at,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id,
        is_attribute_current_fallback
    from newest
)

select * from final
