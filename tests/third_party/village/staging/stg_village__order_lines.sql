-- grain: source instance x sale
select
    brand_id,
    source_instance,
    cast(1 as bigint) as source_rank,
    'village' as source_kind,
    sale_id as order_id,
    '1' as line_id,
    thing as product_id,
    false as is_gift_card,
    cast(1 as bigint) as quantity,
    currency,
    cast(price as decimal(18, 4)) as gross_amount,
    cast(price as decimal(18, 4)) as net_amount,
    is_attribute_current_fallback,
    cast(_observed_at as timestamp) as _observed_at,
    _dlt_load_id
from {{ ref('base_village__sales') }}
