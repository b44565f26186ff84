-- Accounts whose daily comments do not add up to what their posts' newest readings say beyond their baselines.
with readings as (
    select
        post_key,
        account_key,
        comments,
        post_age_hours,
        row_number() over (partition by post_key order by observed_at) as place,
        row_number() over (partition by post_key order by observed_at desc) as place_from_end
    from {{ ref('int_post_readings_totalled') }}
    where reactions is not null or comments is not null
),

gains as (
    select
        account_key,
        sum(case when place_from_end = 1 then comments else 0 end)
        - sum(case when place = 1 and not coalesce(post_age_hours between 0 and 48, false) then comments else 0 end)
            as comments_gained
    from readings
    group by account_key
    having count(*) = count(comments)
),

daily as (
    select
        account_key,
        sum(comments_delta) as comments_gained
    from {{ ref('int_account_daily_changes') }}
    group by account_key
)

select
    gains.account_key,
    gains.comments_gained as by_readings,
    daily.comments_gained as by_days
from gains
left join daily on gains.account_key = daily.account_key
-- Twelve decimals are kept of each share of a reading.
where abs(gains.comments_gained - coalesce(daily.comments_gained, 0)) > 0.000001
