-- grain: source instance x comment
with newest as (
    {{ newest_version(source('instagram', 'comments'), ['source_instance', 'comment_id']) }}
),

final as (
    select
        source_instance,
        brand_id,
        comment_id,
        media_id,
        account_id,
        parent_comment_id,
        author_handle_token,
        is_from_brand,
        text_length,
        like_count,
        coalesce(is_hidden, false) as is_hidden,
        coalesce(is_deleted, false) as is_deleted,
        cast(posted_at as timestamp) as posted_at,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as observed_at,
        _dlt_load_id
    from newest
)

select * from final
