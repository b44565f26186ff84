-- grain: account x day of the brand's time zone, from the account's first reading or post to the run's day
with posts as (
    select
        post_key,
        account_key,
        timezone,
        posted_at,
        deleted_at
    from {{ ref('int_posts_merged') }}
),

ranked_readings as (
    select
        post_key,
        observed_at,
        post_age_hours,
        engagements_public,
        engagements_public_counter,
        comments,
        reactions,
        row_number() over (partition by post_key order by observed_at asc) as place,
        row_number() over (partition by post_key order by observed_at desc) as place_from_end
    from {{ ref('int_post_readings_totalled') }}
    where reactions is not null or comments is not null
),

spans as (
    select
        post_key,
        min(observed_at) as first_at,
        max(observed_at) as last_at,
        max(case when place = 1 and post_age_hours between 0 and 48 then 1 else 0 end) = 1 as is_known_from_posted
    from ranked_readings
    group by post_key
),

-- What a post gained a day when it was last measured: what it is likely to gain at most until it is read again.
rates as (
    select
        newest.post_key,
        abs(coalesce(
            case
                when newest.engagements_public_counter = before.engagements_public_counter
                    then newest.engagements_public - before.engagements_public
            end,
            newest.comments - before.comments,
            newest.reactions - before.reactions,
            case
                when before.post_key is null and newest.post_age_hours between 0 and 48
                    then coalesce(newest.engagements_public, newest.comments, newest.reactions)
            end
        )) * 24
        / nullif(case
            when before.post_key is null then newest.post_age_hours
            else {{ hours_between('before.observed_at', 'newest.observed_at') }}
        end, 0) as daily_rate
    from ranked_readings as newest
    left join ranked_readings as before
        on newest.post_key = before.post_key and before.place_from_end = 2
    where newest.place_from_end = 1
),

lives as (
    select
        posts.account_key,
        cast({{ utc_to_local('coalesce(posts.posted_at, spans.first_at)', 'posts.timezone') }} as date) as alive_from,
        cast({{ utc_to_local('posts.deleted_at', 'posts.timezone') }} as date) as alive_until,
        cast({{ utc_to_local(
            'case when spans.is_known_from_posted then posts.posted_at else spans.first_at end', 'posts.timezone'
        ) }} as date) as measured_from,
        cast({{ utc_to_local('spans.last_at', 'posts.timezone') }} as date) as measured_until,
        rates.daily_rate
    from posts
    left join spans on posts.post_key = spans.post_key
    left join rates on posts.post_key = rates.post_key
    where posts.posted_at is not null or spans.post_key is not null
),

-- Days are counted from the first on which something is so to the first on which it is no more.
events as (
    select
        account_key,
        alive_from as happened_on,
        1 as alive,
        0 as measured,
        0 as pending,
        0.0 as pending_rate
    from lives
    where alive_until is null or alive_from < alive_until
    union all
    select
        account_key,
        alive_until as happened_on,
        -1 as alive,
        0 as measured,
        case when daily_rate is not null and measured_until < alive_until then -1 else 0 end as pending,
        case when daily_rate is not null and measured_until < alive_until then -daily_rate else 0.0 end as pending_rate
    from lives
    where alive_from < alive_until
    union all
    select
        account_key,
        measured_from as happened_on,
        0 as alive,
        1 as measured,
        0 as pending,
        0.0 as pending_rate
    from lives
    where measured_from is not null and (alive_until is null or measured_from < alive_until)
    union all
    select
        account_key,
        case when measured_until < alive_until or alive_until is null then measured_until else alive_until end
            as happened_on,
        0 as alive,
        -1 as measured,
        case when daily_rate is not null and (alive_until is null or measured_until < alive_until) then 1 else 0 end
            as pending,
        case
            when alive_until is null or measured_until < alive_until then coalesce(daily_rate, 0.0)
            else 0.0
        end as pending_rate
    from lives
    where measured_from is not null and (alive_until is null or measured_from < alive_until)
    union all
    select
        account_key,
        activity_on as happened_on,
        0 as alive,
        0 as measured,
        0 as pending,
        0.0 as pending_rate
    from {{ ref('int_account_followers_daily') }}
),

by_day as (
    select
        account_key,
        happened_on,
        sum(alive) as alive,
        sum(measured) as measured,
        sum(pending) as pending,
        sum(cast(pending_rate as decimal(38, 12))) as pending_rate
    from events
    group by account_key, happened_on
),

running as (
    select
        {% for count in ['alive', 'measured', 'pending', 'pending_rate'] %}
        sum({{ count }}) over (
            partition by account_key
            order by happened_on
            rows between unbounded preceding and current row
        ) as {{ count }},
        {% endfor %}
        account_key,
        happened_on as activity_on
    from by_day
),

final as (
    select
        running.account_key,
        running.activity_on,
        cast(running.alive as bigint) as posts_alive_count,
        cast(running.measured as bigint) as posts_measured_count,
        cast(running.alive - running.measured - running.pending as bigint) as posts_unknown_count,
        cast(running.pending_rate as double) as unmeasured_engagements
    from running
    inner join {{ ref('int_account_followers_daily') }} as days
        on running.account_key = days.account_key and running.activity_on = days.activity_on
)

select * from final
