-- grain: source instance x order, the version in force as of the run
{{ config(materialized='table') }}
with newest as (
    {{ newest_change(source('shopify', 'orders'), ['source_instance', 'order_id'], 'updated_at') }}
),

final as (
    select
        brand_id,
        source_instance,
        order_id,
        order_name,
        customer_id,
        email_token,
        cast(ordered_at as timestamp) as ordered_at,
        cast(cancelled_at as timestamp) as cancelled_at,
        is_test,
        currency,
        presentment_currency,
        is_tax_included,
        cast(gross_amount as decimal(18, 4)) as gross_amount,
        cast(discount_amount as decimal(18, 4)) as discount_amount,
        cast(tax_amount as decimal(18, 4)) as tax_amount,
        cast(shipping_amount as decimal(18, 4)) as shipping_amount,
        cast(total_amount as decimal(18, 4)) as total_amount,
        financial_status,
        country_code,
        utm_source,
        utm_campaign,
        cast(created_at as timestamp) as created_at,
        cast(updated_at as timestamp) as updated_at,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id,
        is_attribute_current_fallback
    from newest
)

select * from final
