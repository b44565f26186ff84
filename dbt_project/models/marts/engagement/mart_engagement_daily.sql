-- grain: account x day of the brand's time zone
{% set counts = [
    'impressions', 'reactions', 'comments', 'shares', 'saves', 'link_clicks', 'profile_visits', 'engagements_public',
    'engagements_full',
] %}
with publications as (
    select
        account_key,
        posted_on,
        cast(count(*) as bigint) as posts_count
    from {{ ref('dim_post') }}
    where posted_on is not null
    group by account_key, posted_on
),

followers as (
    select
        account_key,
        activity_on,
        followers_count,
        followers_observed_at,
        is_followers_imputed,
        case when not is_followers_imputed then followers_count end
        - lag(case when not is_followers_imputed then followers_count end) over (
            partition by account_key
            order by activity_on
        ) as followers_change
    from {{ ref('int_account_followers_daily') }}
),

-- Clocks of brands that are not configured run in UTC.
covered as (
    select
        coverage.account_key,
        coverage.activity_on,
        coverage.posts_alive_count,
        coverage.posts_measured_count,
        {{ local_to_utc(date_plus('coverage.activity_on', 1), 'accounts.timezone') }}
        <= coalesce(clocks.visible_until, run.as_of_at) as is_day_over,
        -- What is not measured yet is at most a twentieth of the day, by what those posts last gained a day.
        coverage.posts_unknown_count = 0
        and coverage.unmeasured_engagements <= 0.05 * (
            coverage.unmeasured_engagements
            + abs(coalesce(changes.engagements_public_delta, changes.comments_delta, changes.reactions_delta, 0))
        ) as is_measured
    from {{ ref('int_account_coverage_daily') }} as coverage
    inner join {{ ref('int_accounts_assigned') }} as accounts on coverage.account_key = accounts.account_key
    cross join {{ ref('stg_config__run') }} as run
    left join {{ ref('int_brand_clocks') }} as clocks on accounts.brand_id = clocks.brand_id
    left join {{ ref('int_account_daily_changes') }} as changes
        on coverage.account_key = changes.account_key and coverage.activity_on = changes.activity_on
),

weeks as (
    select
        covered.account_key,
        {{ week_start('covered.activity_on', 'accounts.week_start') }} as week_start_on,
        count(*) = 7 and min(case when covered.is_day_over and covered.is_measured then 1 else 0 end) = 1
            as is_week_complete
    from covered
    inner join {{ ref('int_accounts_assigned') }} as accounts on covered.account_key = accounts.account_key
    group by covered.account_key, week_start_on
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
        followers.activity_on,
        coalesce(publications.posts_count, 0) as posts_published_count,
        covered.posts_alive_count,
        covered.posts_measured_count,
        covered.is_day_over,
        covered.is_day_over and covered.is_measured as is_complete,
        weeks.is_week_complete,
        {%- for count in counts %}
        changes.{{ count }}_delta,
        {%- endfor %}
        changes.engagements_public_version,
        changes.engagements_full_version,
        changes.impressions_version,
        followers.followers_count,
        followers.followers_observed_at,
        followers.is_followers_imputed,
        followers.followers_change,
        case when followers.followers_count is not null then changes.engagements_public_delta end
            as daily_er_engagements,
        case when changes.engagements_public_delta is not null then followers.followers_count end
            as daily_er_followers,
        {{ run_setting('as_of') }} as as_of
    from followers
    inner join {{ ref('int_accounts_assigned') }} as accounts on followers.account_key = accounts.account_key
    left join {{ ref('stg_config__brands') }} as brands on accounts.brand_id = brands.brand_id
    inner join covered
        on followers.account_key = covered.account_key and followers.activity_on = covered.activity_on
    inner join weeks
        on followers.account_key = weeks.account_key
        and {{ week_start('followers.activity_on', 'accounts.week_start') }} = weeks.week_start_on
    left join publications
        on followers.account_key = publications.account_key and followers.activity_on = publications.posted_on
    left join {{ ref('int_account_daily_changes') }} as changes
        on followers.account_key = changes.account_key and followers.activity_on = changes.activity_on
)

select * from final
