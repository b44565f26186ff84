-- grain: source instance
with final as (
    select
        sources.source_instance,
        sources.kind,
        sources.brand_id,
        coalesce(sources.timezone, brands.timezone) as timezone,
        cast(sources.is_delivery as boolean) as is_delivery,
        cast(sources.read_at as timestamp) as read_at,
        cast(sources.failing_since as timestamp) as failing_since
    from {{ source('config', 'sources') }} as sources
    left join {{ source('config', 'brands') }} as brands
        on sources.brand_id = brands.brand_id
)

select * from final
