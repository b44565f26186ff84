-- grain: source instance x deal, its newest version
with newest as (
    {{ newest_version(source('hubspot', 'deals'), ['source_instance', 'deal_id'], ['updated_at']) }}
),

final as (
    select
        brand_id,
        source_instance,
        cast(1 as bigint) as source_rank,
        'hubspot' as source_kind,
        deal_id,
        contact_id as customer_id,
        coalesce(is_closed_won, false) as is_won,
        coalesce(is_archived, false) as is_archived,
        cast(amount as decimal(18, 4)) as amount,
        currency,
        cast(closed_at as timestamp) as closed_at,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
)

select * from final
