-- grain: source instance x network x scope of ids x account x reading
with readings as (
    select
        brand_id,
        source_instance,
        network,
        id_scope,
        account_id,
        observed_at,
        followers_count,
        posts_count,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id,
        row_number() over (
            partition by source_instance, network, id_scope, account_id, observed_at
            order by followers_count desc nulls last, posts_count desc nulls last, window_days asc
        ) as reading_rank
    from {{ ref('base_file_drop__account_readings') }}
    where followers_count is not null or posts_count is not null
),

final as (
    select
        brand_id,
        source_instance,
        cast(2 as bigint) as source_rank,
        network,
        id_scope,
        account_id,
        observed_at,
        followers_count,
        cast(null as bigint) as follows_count,
        posts_count,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id
    from readings
    where reading_rank = 1
)

select * from final
