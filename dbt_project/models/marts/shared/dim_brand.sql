-- grain: brand
with final as (
    select
        brand_id,
        brand_name,
        ownership,
        ownership = 'own' as is_own,
        timezone,
        currency,
        week_start,
        {{ run_setting('as_of') }} as as_of
    from {{ ref('stg_config__brands') }}
)

select * from final
