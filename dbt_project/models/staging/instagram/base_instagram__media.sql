-- grain: source instance x media x reading
with newest as (
    {{ newest_version(source('instagram', 'media'), ['source_instance', 'media_id', '_observed_at']) }}
),

final as (
    select
        brand_id,
        source_instance,
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
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
)

select * from final
