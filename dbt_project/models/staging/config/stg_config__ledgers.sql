-- grain: brand x source whose orders are its revenue; none for a brand of which all are
with final as (
    select
        brand_id,
        source_instance
    from {{ source('config', 'ledgers') }}
)

select * from final
