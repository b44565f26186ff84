-- grain: network x message. What was deleted is none; what the brand hid was received, and is one.
with ranked_comments as (
    select
        source_instance,
        comment_id,
        media_id,
        account_id,
        parent_comment_id,
        author_handle_token,
        is_from_brand,
        text_length,
        like_count,
        is_deleted,
        posted_at,
        observed_at,
        row_number() over (
            partition by comment_id
            order by observed_at desc, source_instance asc
        ) as version_rank
    from {{ ref('stg_instagram__comments') }}
    where posted_at < {{ run_setting('as_of_at') }}
),

final as (
    select
        {{ surrogate_key(['accounts.brand_id', 'accounts.network', 'messages.comment_id']) }} as message_key,
        messages.comment_id as message_id,
        accounts.brand_id,
        messages.source_instance,
        accounts.network,
        accounts.account_key,
        {{ surrogate_key(['accounts.brand_id', 'accounts.network', 'messages.media_id']) }} as post_key,
        {{ surrogate_key([
            'accounts.brand_id', 'accounts.network', 'coalesce(messages.parent_comment_id, messages.comment_id)',
        ]) }} as conversation_key,
        case
            when messages.parent_comment_id is not null
                then {{ surrogate_key(['accounts.brand_id', 'accounts.network', 'messages.parent_comment_id']) }}
        end as parent_message_key,
        case
            when messages.author_handle_token is not null and not messages.is_from_brand
                then {{ surrogate_key(['accounts.brand_id', 'messages.author_handle_token']) }}
        end as author_key,
        case when messages.is_from_brand then 'outbound' else 'inbound' end as direction,
        messages.posted_at,
        messages.text_length,
        messages.like_count as likes_count,
        messages.observed_at,
        accounts.timezone
    from ranked_comments as messages
    inner join {{ ref('int_accounts_assigned') }} as accounts
        on messages.account_id = accounts.account_id and accounts.network = 'instagram'
    where messages.version_rank = 1 and not messages.is_deleted
)

select * from final
