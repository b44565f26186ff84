-- grain: message
with final as (
    select
        message_key,
        brand_id,
        source_instance,
        network,
        account_key,
        post_key,
        conversation_key,
        parent_message_key,
        author_key,
        direction,
        posted_at,
        text_length,
        likes_count,
        observed_at,
        {{ run_setting('as_of') }} as as_of
    from {{ ref('int_messages_threaded') }}
)

select * from final
