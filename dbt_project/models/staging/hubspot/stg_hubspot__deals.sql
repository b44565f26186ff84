-- grain: source instance x deal, its newest version
with newest as (
    {{ newest_version(source('hubspot', 'deals'), ['source_instance', 'deal_id'], ['updated_at']) }}
),

final as (
    select
        brand_id,
        source_instance,
        deal_id,
        contact_id,
        company_id,
        pipeline,
        stage,
        cast(amount as decimal(18, 4)) as amount,
        currency,
        is_closed_won,
        cast(closed_at as timestamp) as closed_at,
        cast(created_at as timestamp) as created_at,
        cast(coalesce(archived_at, updated_at) as timestamp) as updated_at,
        is_archived,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id,
        is_attribute_current_fallback
    from newest
)

select * from final
