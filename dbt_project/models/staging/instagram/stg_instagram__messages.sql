-- grain: source instance x comment
with newest as (
    {{ newest_version(source('instagram', 'comments'), ['source_instance', 'comment_id']) }}
),

final as (
    select
        brand_id,
        source_instance,
        cast(1 as bigint) as source_rank,
        'instagram' as network,
        '' as id_scope,
        account_id,
        comment_id as message_id,
        media_id as post_id,
        parent_comment_id as parent_message_id,
        author_handle_token,
        is_from_brand,
        text_length,
        like_count as likes_count,
        coalesce(is_hidden, false) as is_hidden,
        coalesce(is_deleted, false) as is_deleted,
        cast(posted_at as timestamp) as posted_at,
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id
    from newest
)

select * from final
