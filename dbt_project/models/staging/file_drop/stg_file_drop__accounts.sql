-- grain: source instance x network x scope of ids x account x reading
with readings as (
    select
        brand_id,
        source_instance,
        network,
        id_scope,
        account_id,
        username,
        observed_at,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id,
        row_number() over (
            partition by source_instance, network, id_scope, account_id, observed_at
            order by username asc nulls last, _observed_at desc, _dlt_load_id desc, window_days asc
        ) as reading_rank
    from {{ ref('base_file_drop__account_readings') }}
),

final as (
    select
        brand_id,
        source_instance,
        cast(2 as bigint) as source_rank,
        network,
        id_scope,
        account_id,
        username,
        cast(null as string) as account_name,
        cast(null as boolean) as is_own,
        observed_at,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id
    from readings
    where reading_rank = 1
)

select * from final
