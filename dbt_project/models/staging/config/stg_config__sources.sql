-- grain: source instance
with final as (
    select
        source_instance,
        kind,
        brand_id,
        cast(is_delivery as boolean) as is_delivery,
        cast(read_at as timestamp) as read_at,
        cast(failing_since as timestamp) as failing_since
    from {{ source('config', 'sources') }}
)

select * from final
