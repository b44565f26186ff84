-- grain: brand
with final as (
    select
        brand_id,
        brand_name,
        ownership,
        timezone,
        currency,
        week_start
    from {{ source('config', 'brands') }}
)

select * from final
