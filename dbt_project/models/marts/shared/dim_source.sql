-- grain: source instance
with aged as (
    select
        source_instance,
        kind,
        brand_id,
        is_delivery,
        read_at,
        failing_since,
        not is_delivery
        and coalesce(
            {{ hours_between('read_at', run_setting('as_of_at')) }} > {{ run_setting('freshness_hours') }}, false
        ) as is_late
    from {{ ref('stg_config__sources') }}
),

final as (
    select
        source_instance,
        kind,
        brand_id,
        is_delivery,
        read_at,
        failing_since is not null or read_at is null or is_late as is_stale,
        coalesce(failing_since, case when is_late then read_at end) as stale_since,
        {{ run_setting('as_of') }} as as_of
    from aged
)

select * from final
