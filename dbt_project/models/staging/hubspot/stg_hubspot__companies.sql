-- grain: source instance x company, its newest version
with newest as (
    {{ newest_version(source('hubspot', 'companies'), ['source_instance', 'company_id'], ['updated_at']) }}
),

final as (
    select
        brand_id,
        source_instance,
        company_id,
        company_name,
        industry,
        country_code,
        cast(created_at as timestamp) as created_at,
        cast(coalesce(archived_at, updated_at) as timestamp) as updated_at,
        is_archived,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id,
        is_attribute_current_fallback
    from newest
)

select * from final
