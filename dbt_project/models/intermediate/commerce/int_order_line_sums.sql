-- grain: source instance x order that has lines
with final as (
    select
        source_instance,
        order_id,
        cast(count(*) as bigint) as lines_count,
        cast(sum(quantity) as bigint) as units_count
    from {{ ref('int_order_lines') }}
    group by source_instance, order_id
)

select * from final
