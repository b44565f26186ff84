-- grain: account x weekday x hour of the brand's time zone
{% set minimum_posts_of_account = 30 %}
{% set minimum_posts_of_group = 5 %}
with effects as (
    select
        account_key,
        level,
        posted_weekday,
        posted_hour,
        posts_count,
        coalesce(effect, 0) as effect,
        effect_variance,
        variance_between
    from {{ ref('int_posting_time_effects') }}
),

priors as (
    select
        account_key,
        max(case when level = 'weekday' then variance_between end) as weekday_variance,
        max(case when level = 'hour' then variance_between end) as hour_variance,
        max(case when level = 'cell' then variance_between end) as cell_variance
    from effects
    group by account_key
),

posts as (
    select
        account_key,
        cast(count(*) as bigint) as posts_count,
        min(posted_on) as first_posted_on,
        max(posted_on) as last_posted_on
    from {{ ref('int_post_timing_residuals') }}
    group by account_key
),

weekdays as (
    select
        account_key,
        {{ spine_integers(1, 7) }} as weekday_number
    from {{ ref('int_accounts_assigned') }}
),

cells as (
    select
        account_key,
        weekday_number,
        {{ spine_integers(0, 23) }} as local_hour
    from weekdays
),

-- A group without posts has no effect of its own, and all the variance between groups.
joined as (
    select
        cells.account_key,
        cells.weekday_number,
        cells.local_hour,
        coalesce(by_cell.posts_count, 0) as posts_count,
        coalesce(by_weekday.posts_count, 0) as weekday_posts_count,
        coalesce(by_hour.posts_count, 0) as hour_posts_count,
        coalesce(posts.posts_count, 0) as account_posts_count,
        posts.first_posted_on,
        posts.last_posted_on,
        coalesce(by_weekday.effect, 0) + coalesce(by_hour.effect, 0) + coalesce(by_cell.effect, 0) as effect,
        1.2816 * sqrt(
            coalesce(by_weekday.effect_variance, priors.weekday_variance)
            + coalesce(by_hour.effect_variance, priors.hour_variance)
            -- Without two posts in one cell the cells tell nothing beyond weekday and hour.
            + coalesce(by_cell.effect_variance, priors.cell_variance, 0)
        ) as half_width
    from cells
    left join posts on cells.account_key = posts.account_key
    left join priors on cells.account_key = priors.account_key
    left join effects as by_weekday
        on cells.account_key = by_weekday.account_key
        and by_weekday.level = 'weekday'
        and cells.weekday_number = by_weekday.posted_weekday
    left join effects as by_hour
        on cells.account_key = by_hour.account_key
        and by_hour.level = 'hour'
        and cells.local_hour = by_hour.posted_hour
    left join effects as by_cell
        on cells.account_key = by_cell.account_key
        and by_cell.level = 'cell'
        and cells.weekday_number = by_cell.posted_weekday
        and cells.local_hour = by_cell.posted_hour
),

judged as (
    select
        account_key,
        weekday_number,
        local_hour,
        posts_count,
        account_posts_count,
        first_posted_on,
        last_posted_on,
        case when account_posts_count >= {{ minimum_posts_of_account }} then effect end as effect,
        half_width,
        case
            when account_posts_count < {{ minimum_posts_of_account }} then 'account'
            when posts_count >= {{ minimum_posts_of_group }} then 'cell'
            when
                weekday_posts_count >= {{ minimum_posts_of_group }} and hour_posts_count >= {{ minimum_posts_of_group }}
                then 'hour_and_weekday'
            when weekday_posts_count >= {{ minimum_posts_of_group }} then 'weekday'
            when hour_posts_count >= {{ minimum_posts_of_group }} then 'hour'
            else 'account'
        end as fallback_level
    from joined
),

final as (
    select
        accounts.account_key,
        accounts.brand_id,
        accounts.source_instance,
        accounts.network,
        accounts.is_own,
        brands.brand_name,
        accounts.username,
        accounts.timezone,
        judged.weekday_number,
        {{ weekday_name('judged.weekday_number') }} as weekday_name,
        judged.local_hour,
        judged.posts_count,
        judged.account_posts_count,
        round(judged.effect, 6) as effect,
        round(judged.effect - judged.half_width, 6) as effect_low,
        round(judged.effect + judged.half_width, 6) as effect_high,
        round(exp(judged.effect) - 1, 6) as lift,
        case
            when judged.effect is not null then cast(rank() over (
                partition by judged.account_key
                order by judged.effect desc nulls last
            ) as bigint)
        end as effect_rank,
        judged.fallback_level,
        judged.first_posted_on,
        judged.last_posted_on,
        {{ run_setting('as_of') }} as as_of
    from judged
    inner join {{ ref('int_accounts_assigned') }} as accounts on judged.account_key = accounts.account_key
    left join {{ ref('stg_config__brands') }} as brands on accounts.brand_id = brands.brand_id
)

select * from final
