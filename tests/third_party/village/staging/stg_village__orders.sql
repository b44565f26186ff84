-- grain: source instance x sale
with first_landings as (
    {{ first_landed(source('village', 'sales'), ['source_instance', 'sale_id']) }}
)

select
    sales.brand_id,
    sales.source_instance,
    cast(1 as bigint) as source_rank,
    'village' as source_kind,
    sales.sale_id as order_id,
    sales.buyer_id as customer_id,
    cast(null as string) as email_token,
    cast(sales.sold_at as timestamp) as ordered_at,
    cast(null as timestamp) as cancelled_at,
    false as is_test,
    sales.currency,
    cast(sales.price as decimal(18, 4)) as stated_amount,
    cast(sales.price as decimal(18, 4)) as gross_amount,
    cast(sales.price as decimal(18, 4)) as net_amount,
    cast(null as decimal(18, 4)) as tax_amount,
    cast(null as decimal(18, 4)) as shipping_amount,
    cast(sales.price as decimal(18, 4)) as control_amount,
    true as has_control_day,
    cast(1 as bigint) as control_records_count,
    cast(null as string) as country_code,
    cast(null as string) as utm_source,
    cast(null as string) as utm_campaign,
    first_landings.first_landed_at,
    sales.is_attribute_current_fallback,
    cast(sales._observed_at as timestamp) as _observed_at,
    sales._dlt_load_id
from {{ ref('base_village__sales') }} as sales
inner join first_landings
    on sales.source_instance = first_landings.source_instance
    and sales.sale_id = first_landings.sale_id
