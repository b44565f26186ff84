-- grain: source instance x media x reading
with newest as (
    {{ newest_version(source('instagram', 'media'), ['source_instance', 'media_id', '_observed_at']) }}
),

final as (
    select
        source_instance,
        brand_id,
        media_id,
        account_id,
        is_own,
        caption,
        media_type,
        media_product_type,
        permalink,
        cast(posted_at as timestamp) as posted_at,
        like_count,
        comments_count,
        is_deleted,
        cast(_observed_at as timestamp) as observed_at,
        _dlt_load_id
    from newest
)

select * from final
