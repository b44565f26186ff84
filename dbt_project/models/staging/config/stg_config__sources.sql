-- grain: source instance
with final as (
    select
        source_instance,
        kind,
        brand_id
    from {{ source('config', 'sources') }}
)

select * from final
