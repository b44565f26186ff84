-- grain: source instance x buyer
with first_landings as (
    {{ first_landed(source('village', 'sales'), ['source_instance', 'buyer_id']) }}
),

buyers as (
    select
        sales.*,
        first_landings.first_landed_at,
        min(sales.sold_at) over (partition by sales.source_instance, sales.buyer_id) as first_sold_at,
        row_number() over (
            partition by sales.source_instance, sales.buyer_id
            order by sales.sold_at desc, sales.sale_id desc
        ) as newest_rank
    from {{ ref('base_village__sales') }} as sales
    inner join first_landings
        on sales.source_instance = first_landings.source_instance
        and sales.buyer_id = first_landings.buyer_id
)

select
    brand_id,
    source_instance,
    cast(1 as bigint) as source_rank,
    'village' as source_kind,
    'customer' as record_type,
    buyer_id as customer_id,
    'shop' as known_from,
    email_token,
    cast(null as string) as phone_token,
    cast(null as string) as handle_token,
    cast(null as string) as country_code,
    cast(null as string) as acquisition_channel,
    cast(null as string) as lifecycle_stage,
    cast(null as string) as marketing_consent,
    cast(first_sold_at as timestamp) as created_at,
    cast(null as timestamp) as changed_at,
    false as is_archived,
    first_landed_at,
    is_attribute_current_fallback,
    cast(_observed_at as timestamp) as _observed_at,
    _dlt_load_id
from buyers
where newest_rank = 1
