-- grain: benchmark brand x brand x network x week
with own_brands as (
    select
        brand_id,
        timezone,
        week_start
    from {{ ref('stg_config__brands') }}
    where ownership = 'own'
),

members as (
    select
        brand_id as benchmark_brand_id,
        brand_id,
        timezone,
        week_start
    from own_brands
    union all
    select
        own_brands.brand_id as benchmark_brand_id,
        competitors.competitor_brand_id as brand_id,
        own_brands.timezone,
        own_brands.week_start
    from own_brands
    inner join {{ ref('stg_config__competitors') }} as competitors on own_brands.brand_id = competitors.brand_id
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

account_weeks as (
    select
        members.benchmark_brand_id,
        accounts.brand_id,
        accounts.network,
        followers.account_key,
        followers.activity_on,
        {{ week_start('followers.activity_on', 'members.week_start') }} as week_start_on,
        followers.followers_count
    from {{ ref('int_account_followers_daily') }} as followers
    inner join {{ ref('int_accounts') }} as accounts on followers.account_key = accounts.account_key
    inner join members on accounts.brand_id = members.brand_id
),

week_ends as (
    select
        benchmark_brand_id,
        brand_id,
        network,
        week_start_on,
        case when count(*) = count(followers_count) then cast(sum(followers_count) as bigint) end as followers_count
    from account_weeks
    where activity_on = {{ date_plus('week_start_on', 6) }}
    group by benchmark_brand_id, brand_id, network, week_start_on
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
        {{ date_plus('joined.week_start_on', 6) }} <= run.as_of as is_week_complete,
        joined.posts_count,
        joined.reactions,
        joined.comments,
        joined.engagements_public,
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
    cross join {{ ref('stg_config__run') }} as run
)

select * from final
