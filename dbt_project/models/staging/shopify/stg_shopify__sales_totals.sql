-- grain: source instance x day of the shop, its newest reading
with newest as (
    {{ newest_version(source('shopify', 'sales_totals'), ['source_instance', 'day']) }}
),

final as (
    select
        brand_id,
        source_instance,
        cast(day as date) as day,
        orders_count,
        cast(gross_sales as decimal(18, 4)) as gross_sales,
        cast(discounts as decimal(18, 4)) as discounts,
        cast(returns as decimal(18, 4)) as returns,
        cast(net_sales as decimal(18, 4)) as net_sales,
        cast(taxes as decimal(18, 4)) as taxes,
        cast(shipping_charges as decimal(18, 4)) as shipping_charges,
        cast(total_sales as decimal(18, 4)) as total_sales,
        currency,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id,
        is_attribute_current_fallback
    from newest
)

select * from final
