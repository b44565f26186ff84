-- grain: source instance x account x reading
with newest as (
    {{ newest_version(source('instagram', 'accounts'), ['source_instance', 'account_id', '_observed_at']) }}
),

final as (
    select
        source_instance,
        brand_id,
        account_id,
        username,
        account_name,
        is_own,
        followers_count,
        follows_count,
        media_count,
        cast(_observed_at as timestamp) as observed_at,
        _dlt_load_id
    from newest
)

select * from final
