-- grain: network x account id or handle
with final as (
    select
        brand_id,
        network,
        account_id,
        lower(username) as username
    from {{ source('config', 'accounts') }}
)

select * from final
