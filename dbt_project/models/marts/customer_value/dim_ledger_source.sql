-- grain: source instance
-- The ledger is a file of its own, and a page that reads both files would be listed to people without finance.
with final as (
    select
        source_instance,
        kind,
        brand_id,
        read_at,
        is_stale,
        stale_since,
        as_of
    from {{ ref('dim_source') }}
)

select * from final
