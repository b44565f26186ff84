-- grain: network x scope of ids x message. What was deleted is none; what the brand hid was received, and is one.
with ranked_messages as (
    select
        source_instance,
        network,
        id_scope,
        account_id,
        message_id,
        post_id,
        parent_message_id,
        author_handle_token,
        is_from_brand,
        text_length,
        likes_count,
        is_deleted,
        posted_at,
        _observed_at,
        row_number() over (
            partition by network, id_scope, message_id
            order by source_rank asc, _observed_at desc, source_instance asc
        ) as version_rank
    from {{ ref('int_messages') }}
),

keyed as (
    select
        {{ surrogate_key([
            'accounts.brand_id', 'messages.network', scoped_id('messages.message_id', 'messages.id_scope'),
        ]) }} as message_key,
        messages.message_id,
        accounts.brand_id,
        messages.source_instance,
        messages.network,
        accounts.account_key,
        {{ surrogate_key([
            'accounts.brand_id', 'messages.network', scoped_id('messages.post_id', 'messages.id_scope'),
        ]) }} as post_key,
        case
            when messages.parent_message_id is not null
                then {{ surrogate_key([
                    'accounts.brand_id', 'messages.network', scoped_id('messages.parent_message_id', 'messages.id_scope'),
                ]) }}
        end as parent_message_key,
        case
            when messages.author_handle_token is not null and not messages.is_from_brand
                then {{ surrogate_key(['accounts.brand_id', 'messages.author_handle_token']) }}
        end as author_key,
        case when messages.is_from_brand then 'outbound' else 'inbound' end as direction,
        messages.posted_at,
        messages.text_length,
        messages.likes_count,
        messages.is_deleted,
        messages._observed_at as observed_at,
        accounts.timezone
    from ranked_messages as messages
    inner join {{ ref('int_accounts_assigned') }} as accounts
        on messages.network = accounts.network
        and messages.id_scope = accounts.id_scope
        and messages.account_id = accounts.account_id
    cross join {{ ref('stg_config__run') }} as run
    where messages.version_rank = 1 and messages.posted_at < {{ visible_until('run', 'accounts.timezone') }}
),

-- A thread goes on under a message that was deleted.
replies as (
    select
        message_key,
        parent_message_key
    from keyed
    where parent_message_key is not null
),

{{ follow_links('replies', 'message_key', 'parent_message_key') }},

final as (
    select
        keyed.message_key,
        keyed.message_id,
        keyed.brand_id,
        keyed.source_instance,
        keyed.network,
        keyed.account_key,
        keyed.post_key,
        coalesce(roots.last_node, keyed.message_key) as conversation_key,
        keyed.parent_message_key,
        keyed.author_key,
        keyed.direction,
        keyed.posted_at,
        keyed.text_length,
        keyed.likes_count,
        keyed.observed_at,
        keyed.timezone
    from keyed
    left join replies_followed as roots on keyed.message_key = roots.node
    where not keyed.is_deleted
)

select * from final
