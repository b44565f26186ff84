-- grain: account x day of the brand's time zone, from the account's first reading or post to the run's day
with accounts as (
    select
        accounts.account_key,
        accounts.timezone,
        coalesce(clocks.running_day, run.as_of) as last_day
    from {{ ref('int_accounts_assigned') }} as accounts
    cross join {{ ref('stg_config__run') }} as run
    left join {{ ref('int_brand_clocks') }} as clocks on accounts.brand_id = clocks.brand_id
),

-- A reading at midnight tells how the day before it ended.
readings as (
    select
        readings.account_key,
        cast({{ utc_to_local("readings.observed_at - interval '1' second", 'accounts.timezone') }} as date) as read_on,
        readings.observed_at,
        readings.followers_count
    from {{ ref('int_account_readings_deduplicated') }} as readings
    inner join accounts on readings.account_key = accounts.account_key
    where readings.followers_count is not null
),

ranked_readings as (
    select
        account_key,
        read_on,
        observed_at,
        followers_count,
        row_number() over (partition by account_key, read_on order by observed_at desc) as reading_rank
    from readings
),

events as (
    select
        account_key,
        read_on as happened_on
    from readings
    union all
    select
        account_key,
        cast(posted_at_local as date) as happened_on
    from {{ ref('int_posts_merged') }}
    where posted_at_local is not null
    union all
    -- A post that is known by its readings alone lives from the first of them.
    select
        undated.account_key,
        cast({{ utc_to_local('undated.observed_at', 'accounts.timezone') }} as date) as happened_on
    from {{ ref('int_post_readings_totalled') }} as undated
    inner join accounts on undated.account_key = accounts.account_key
    where undated.posted_at is null
),

first_days as (
    select
        account_key,
        min(happened_on) as first_day
    from events
    group by account_key
),

days as (
    select
        accounts.account_key,
        {{ spine_days('first_days.first_day', 'accounts.last_day') }} as activity_on
    from accounts
    inner join first_days on accounts.account_key = first_days.account_key
),

carried as (
    select
        days.account_key,
        days.activity_on,
        max(readings.read_on) over (
            partition by days.account_key
            order by days.activity_on
            rows between unbounded preceding and current row
        ) as read_on
    from days
    left join ranked_readings as readings
        on days.account_key = readings.account_key
        and days.activity_on = readings.read_on
        and readings.reading_rank = 1
),

final as (
    select
        carried.account_key,
        carried.activity_on,
        readings.followers_count,
        readings.observed_at as followers_observed_at,
        readings.read_on != carried.activity_on as is_followers_imputed
    from carried
    left join ranked_readings as readings
        on carried.account_key = readings.account_key
        and carried.read_on = readings.read_on
        and readings.reading_rank = 1
        and {{ days_between('carried.read_on', 'carried.activity_on') }} <= 7
)

select * from final
