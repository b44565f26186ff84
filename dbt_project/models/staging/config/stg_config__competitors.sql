-- grain: own brand x competitor brand
with final as (
    select
        brand_id,
        competitor_brand_id
    from {{ source('config', 'competitors') }}
)

select * from final
