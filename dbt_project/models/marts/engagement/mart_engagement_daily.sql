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
        coalesce(changes.posts_measured_count, 0) as posts_measured_count,
        {%- for count in counts %}
        changes.{{ count }}_delta,
        {%- endfor %}
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
    inner join {{ ref('int_accounts') }} as accounts on followers.account_key = accounts.account_key
    left join {{ ref('stg_config__brands') }} as brands on accounts.brand_id = brands.brand_id
    left join publications
        on followers.account_key = publications.account_key and followers.activity_on = publications.posted_on
    left join {{ ref('int_account_daily_changes') }} as changes
        on followers.account_key = changes.account_key and followers.activity_on = changes.activity_on
)

select * from final
