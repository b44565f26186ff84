-- grain: brand x social handle that leads to exactly one person
with handles as (
    select
        brand_id,
        handle_token,
        min(customer_key) as customer_key,
        min(source_instance) as source_instance,
        min(record_type || ':' || source_id) as evidence,
        min(valid_from) as valid_from,
        case when count(*) = count(valid_to) then max(valid_to) end as valid_to
    from {{ ref('int_person_identities') }}
    where handle_token is not null
    group by brand_id, handle_token
    having
        count(distinct customer_key) = 1
        and count(case when rule <> 'merged_contact' then 1 end) <= {{ maximum_accounts() }}
),

final as (
    select
        brand_id,
        handle_token,
        customer_key,
        source_instance,
        evidence,
        valid_from,
        valid_to
    from handles
)

select * from final
