-- grain: benchmark brand x brand x network x week
with own_brands as (
    select
        brands.brand_id,
        brands.timezone,
        brands.week_start,
        clocks.running_day,
        clocks.visible_until
    from {{ ref('stg_config__brands') }} as brands
    inner join {{ ref('int_brand_clocks') }} as clocks on brands.brand_id = clocks.brand_id
    where brands.ownership = 'own'
),

-- A past day of a competitor further east ends before the benchmark brand's.

members as (
    select
        brand_id as benchmark_brand_id,
        brand_id,
        timezone,
        week_start,
        running_day,
        visible_until
    from own_brands
    union all
    select
        own_brands.brand_id as benchmark_brand_id,
        competitors.competitor_brand_id as brand_id,
        own_brands.timezone,
        own_brands.week_start,
        own_brands.running_day,
        least(own_brands.visible_until, clocks.visible_until) as visible_until
    from own_brands
    inner join {{ ref('stg_config__competitors') }} as competitors on own_brands.brand_id = competitors.brand_id
    inner join {{ ref('int_brand_clocks') }} as clocks on competitors.competitor_brand_id = clocks.brand_id
),

posts as (
    select
        members.benchmark_brand_id,
        posts.brand_id,
        posts.network,
        {{ week_start(utc_to_local('posts.posted_at', 'members.timezone'), 'members.week_start') }} as week_start_on,
        cast(count(*) as bigint) as posts_count,
        cast(sum(posts.reactions) as bigint) as reactions,
        cast(sum(posts.comments) as bigint) as comments,
        cast(sum(posts.engagements_public) as bigint) as engagements_public,
        {{ versions_of('posts.engagements_public_version') }} as engagements_public_version,
        cast(count(posts.erf_followers) as bigint) as posts_measured_count,
        cast(sum(posts.erf_engagements) as bigint) as erf_engagements,
        cast(sum(posts.erf_followers) as bigint) as erf_followers,
        round(median({{ safe_ratio('posts.erf_engagements', 'posts.erf_followers') }}), 8) as erf_median,
        cast(count(posts.erf_7d_followers) as bigint) as posts_measured_7d_count,
        {{ sum_exact('posts.erf_7d_engagements') }} as erf_7d_engagements,
        cast(sum(posts.erf_7d_followers) as bigint) as erf_7d_followers
    from {{ ref('mart_post_performance') }} as posts
    inner join members on posts.brand_id = members.brand_id
    where posts.posted_at is not null
    group by members.benchmark_brand_id, posts.brand_id, posts.network, week_start_on
),

-- Days and weeks are the benchmark brand's for all that it is compared with: followers are read off its own week's end.
-- A reading at midnight tells how the day before it ended.
account_readings as (
    select
        members.benchmark_brand_id,
        accounts.brand_id,
        accounts.network,
        readings.account_key,
        cast({{ utc_to_local("readings.observed_at - interval '1' second", 'members.timezone') }} as date) as read_on,
        members.timezone,
        members.week_start,
        readings.observed_at,
        readings.followers_count
    from {{ ref('int_account_readings_deduplicated') }} as readings
    inner join {{ ref('int_accounts_assigned') }} as accounts on readings.account_key = accounts.account_key
    inner join members on accounts.brand_id = members.brand_id
    where readings.followers_count is not null
),

beginnings as (
    select
        benchmark_brand_id,
        account_key,
        read_on as happened_on
    from account_readings
    union all
    select
        members.benchmark_brand_id,
        posts.account_key,
        cast({{ utc_to_local('posts.posted_at', 'members.timezone') }} as date) as happened_on
    from {{ ref('mart_post_performance') }} as posts
    inner join members on posts.brand_id = members.brand_id
    where posts.posted_at is not null
),

first_days as (
    select
        benchmark_brand_id,
        account_key,
        min(happened_on) as first_day
    from beginnings
    group by benchmark_brand_id, account_key
),

account_days as (
    select
        first_days.benchmark_brand_id,
        accounts.brand_id,
        accounts.network,
        first_days.account_key,
        members.timezone,
        members.week_start,
        {{ spine_days('first_days.first_day', 'members.running_day') }} as activity_on
    from first_days
    inner join {{ ref('int_accounts_assigned') }} as accounts on first_days.account_key = accounts.account_key
    inner join members
        on first_days.benchmark_brand_id = members.benchmark_brand_id and accounts.brand_id = members.brand_id
),

account_weeks as (
    select distinct
        benchmark_brand_id,
        brand_id,
        network,
        account_key,
        timezone,
        {{ week_start('activity_on', 'week_start') }} as week_start_on
    from account_days
),

weekly_readings as (
    select
        benchmark_brand_id,
        account_key,
        {{ week_start('read_on', 'week_start') }} as week_start_on,
        read_on,
        followers_count,
        row_number() over (
            partition by benchmark_brand_id, account_key, {{ week_start('read_on', 'week_start') }}
            order by observed_at desc
        ) as reading_rank
    from account_readings
),

-- Followers are carried for 7 days: to the end of a week from any day of it, and from the last day of the week before.
week_ends as (
    select
        account_weeks.benchmark_brand_id,
        account_weeks.brand_id,
        account_weeks.network,
        account_weeks.week_start_on,
        case
            when count(*) = count(coalesce(newest.followers_count, carried.followers_count))
                then cast(sum(coalesce(newest.followers_count, carried.followers_count)) as bigint)
        end as followers_count
    from account_weeks
    inner join members
        on account_weeks.benchmark_brand_id = members.benchmark_brand_id and account_weeks.brand_id = members.brand_id
    left join weekly_readings as newest
        on account_weeks.benchmark_brand_id = newest.benchmark_brand_id
        and account_weeks.account_key = newest.account_key
        and account_weeks.week_start_on = newest.week_start_on
        and newest.reading_rank = 1
    left join weekly_readings as carried
        on account_weeks.benchmark_brand_id = carried.benchmark_brand_id
        and account_weeks.account_key = carried.account_key
        and {{ date_plus('account_weeks.week_start_on', -7) }} = carried.week_start_on
        and {{ date_plus('account_weeks.week_start_on', -1) }} = carried.read_on
        and carried.reading_rank = 1
    where
        {{ local_to_utc(date_plus('account_weeks.week_start_on', 7), 'account_weeks.timezone') }}
        <= members.visible_until
    group by
        account_weeks.benchmark_brand_id, account_weeks.brand_id, account_weeks.network, account_weeks.week_start_on
),

weeks as (
    select distinct
        benchmark_brand_id,
        brand_id,
        network,
        week_start_on
    from account_weeks
),

joined as (
    select
        weeks.benchmark_brand_id,
        weeks.brand_id,
        weeks.network,
        weeks.week_start_on,
        coalesce(posts.posts_count, 0) as posts_count,
        posts.reactions,
        posts.comments,
        posts.engagements_public,
        posts.engagements_public_version,
        coalesce(posts.posts_measured_count, 0) as posts_measured_count,
        posts.erf_engagements,
        posts.erf_followers,
        posts.erf_median,
        coalesce(posts.posts_measured_7d_count, 0) as posts_measured_7d_count,
        posts.erf_7d_engagements,
        posts.erf_7d_followers,
        this_week.followers_count,
        week_before.followers_count as followers_previous_count,
        {{ safe_ratio('posts.erf_engagements', 'posts.erf_followers') }} as engagement_rate
    from weeks
    left join posts
        on weeks.benchmark_brand_id = posts.benchmark_brand_id
        and weeks.brand_id = posts.brand_id
        and weeks.network = posts.network
        and weeks.week_start_on = posts.week_start_on
    left join week_ends as this_week
        on weeks.benchmark_brand_id = this_week.benchmark_brand_id
        and weeks.brand_id = this_week.brand_id
        and weeks.network = this_week.network
        and weeks.week_start_on = this_week.week_start_on
    left join week_ends as week_before
        on weeks.benchmark_brand_id = week_before.benchmark_brand_id
        and weeks.brand_id = week_before.brand_id
        and weeks.network = week_before.network
        and {{ date_plus('weeks.week_start_on', -7) }} = week_before.week_start_on
),

final as (
    select
        joined.benchmark_brand_id,
        joined.brand_id,
        brands.brand_name,
        brands.ownership = 'own' as is_own,
        joined.network,
        joined.week_start_on,
        {{ local_to_utc(date_plus('joined.week_start_on', 7), 'members.timezone') }} <= members.visible_until
            as is_week_complete,
        joined.posts_count,
        joined.reactions,
        joined.comments,
        joined.engagements_public,
        joined.engagements_public_version,
        joined.posts_measured_count,
        joined.erf_engagements,
        joined.erf_followers,
        joined.erf_median,
        joined.posts_measured_7d_count,
        joined.erf_7d_engagements,
        joined.erf_7d_followers,
        joined.followers_count,
        joined.followers_previous_count,
        joined.followers_count - joined.followers_previous_count as followers_change,
        case
            when joined.engagement_rate is not null then cast(rank() over (
                partition by joined.benchmark_brand_id, joined.network, joined.week_start_on
                order by joined.engagement_rate desc nulls last
            ) as bigint)
        end as erf_rank,
        run.as_of
    from joined
    inner join {{ ref('stg_config__brands') }} as brands on joined.brand_id = brands.brand_id
    inner join members
        on joined.benchmark_brand_id = members.benchmark_brand_id and joined.brand_id = members.brand_id
    cross join {{ ref('stg_config__run') }} as run
)

select * from final
