-- grain: response turn, the first message of one author in a thread since the brand last wrote there
with messages as (
    select
        messages.message_key,
        messages.message_id,
        -- Of one second, what the author said comes before what an automaton answered.
        case when messages.direction = 'inbound' then 0 else 1 end as place_in_second,
        messages.brand_id,
        messages.account_key,
        messages.post_key,
        messages.conversation_key,
        coalesce(messages.author_key, messages.message_key) as author_key,
        messages.direction,
        messages.posted_at,
        messages.observed_at,
        messages.timezone
    from {{ ref('int_messages_threaded') }} as messages
    inner join {{ ref('int_accounts_assigned') }} as accounts
        on messages.account_key = accounts.account_key and accounts.is_own
),

threaded as (
    select
        message_key,
        brand_id,
        account_key,
        post_key,
        conversation_key,
        author_key,
        direction,
        posted_at,
        observed_at,
        timezone,
        max(case when direction = 'outbound' then posted_at end) over (
            partition by conversation_key
            order by posted_at, place_in_second, message_id
            rows between unbounded preceding and 1 preceding
        ) as last_reply_at,
        min(case when direction = 'outbound' then posted_at end) over (
            partition by conversation_key
            order by posted_at, place_in_second, message_id
            rows between 1 following and unbounded following
        ) as next_reply_at,
        lag(posted_at) over (
            partition by conversation_key, direction, author_key
            order by posted_at, place_in_second, message_id
        ) as previous_by_author_at
    from messages
),

post_visits as (
    select
        post_key,
        max(observed_at) as last_visit_at
    from (
        select
            post_key,
            observed_at
        from messages
        union all
        select
            post_key,
            observed_at
        from {{ ref('int_post_readings_totalled') }}
        where reading_source = 'api' and metric_set = 'owner'
    ) as visits
    group by post_key
),

watches as (
    select
        posts.post_key,
        greatest(
            coalesce(post_visits.last_visit_at, posts.posted_at),
            coalesce(posts.watched_until, posts.posted_at)
        ) as watched_until
    from {{ ref('int_posts_merged') }} as posts
    left join post_visits on posts.post_key = post_visits.post_key
),

turns as (
    select
        threaded.message_key as turn_key,
        threaded.brand_id,
        threaded.account_key,
        threaded.post_key,
        threaded.conversation_key,
        threaded.author_key,
        threaded.posted_at as first_inbound_at,
        threaded.next_reply_at as first_reply_at,
        cast({{ utc_to_local('threaded.posted_at', 'threaded.timezone') }} as date) as inbound_on,
        -- What landed after a past run's day tells of its threads up to that day.
        least(
            greatest(threaded.observed_at, coalesce(watches.watched_until, threaded.observed_at)),
            {{ visible_until('run', 'threaded.timezone') }}
        ) as watched_until
    from threaded
    left join watches on threaded.post_key = watches.post_key
    cross join {{ ref('stg_config__run') }} as run
    where
        threaded.direction = 'inbound'
        and (
            threaded.previous_by_author_at is null
            or threaded.last_reply_at >= threaded.previous_by_author_at
        )
),

final as (
    select
        turn_key,
        brand_id,
        account_key,
        post_key,
        conversation_key,
        author_key,
        inbound_on,
        first_inbound_at,
        first_reply_at,
        first_reply_at is not null as is_answered,
        {{ hours_between('first_inbound_at', 'first_reply_at') }} as response_hours,
        {{ hours_between('first_inbound_at', 'watched_until') }} as watched_hours
    from turns
)

select * from final
