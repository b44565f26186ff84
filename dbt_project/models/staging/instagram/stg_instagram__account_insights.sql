-- grain: source instance x account x window x reading
with newest as (
    {{ newest_version(
        source('instagram', 'account_insights'),
        ['source_instance', 'account_id', 'window_end', 'window_days', '_observed_at'],
    ) }}
),

final as (
    select
        source_instance,
        brand_id,
        account_id,
        window_end,
        window_days,
        reach,
        views,
        accounts_engaged,
        total_interactions,
        cast(_observed_at as timestamp) as observed_at,
        _dlt_load_id
    from newest
)

select * from final
