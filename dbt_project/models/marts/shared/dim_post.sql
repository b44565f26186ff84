-- grain: post
with final as (
    select
        post_key,
        brand_id,
        source_instance,
        network,
        id_scope,
        post_id,
        account_key,
        is_own,
        posted_at,
        posted_at_local,
        cast(posted_at_local as date) as posted_on,
        {{ weekday_iso('posted_at_local') }} as posted_weekday,
        cast(extract(hour from posted_at_local) as int) as posted_hour,
        post_format,
        caption,
        permalink,
        is_deleted,
        deleted_at,
        followers_at_post,
        followers_at_post_observed_at,
        is_attribute_current_fallback,
        {{ run_setting('as_of') }} as as_of
    from {{ ref('int_posts_merged') }}
)

select * from final
