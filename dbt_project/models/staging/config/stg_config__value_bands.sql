-- grain: value band
with final as (
    select
        value_band,
        cast(minimum_net_revenue as double) as minimum_net_revenue
    from {{ source('config', 'value_bands') }}
)

select * from final
