-- grain: account x reading
with final as (
    select
        account_key,
        brand_id,
        source_instance,
        network,
        is_own,
        reading_source,
        observed_at,
        followers_count,
        follows_count,
        posts_count,
        {{ run_setting('as_of') }} as as_of
    from {{ ref('int_account_readings_deduplicated') }}
)

select * from final
