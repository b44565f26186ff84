-- grain: post with engagement at 24 hours and followers known
-- The whole history is used: sixteen weeks of a busy account are less than one post per hour of the week, and the
-- month's mean already takes out the trend.
with posts as (
    select
        posts.post_key,
        posts.account_key,
        cast(posts.posted_at_local as date) as posted_on,
        cast(date_trunc('month', posts.posted_at_local) as date) as posted_month,
        {{ weekday_iso('posts.posted_at_local') }} as posted_weekday,
        cast(extract(hour from posts.posted_at_local) as integer) as posted_hour,
        coalesce(posts.post_format, 'unknown') as post_format,
        -- The mean of another definition is another level, and would look like a month's.
        coalesce(at_24h.engagements_public_version, '') as definition_version,
        ln(1 + 1000 * {{ safe_ratio('at_24h.engagements_public', 'posts.followers_at_post') }}) as score
    from {{ ref('int_posts_merged') }} as posts
    inner join {{ ref('int_posts_at_age') }} as at_24h
        on posts.post_key = at_24h.post_key and at_24h.age_hours = 24 and at_24h.metric_set = 'public'
    where posts.followers_at_post > 0
),

format_means as (
    select
        account_key,
        post_format,
        definition_version,
        {{ avg_exact('score') }} as mean_score
    from posts
    group by account_key, post_format, definition_version
),

without_format as (
    select
        posts.post_key,
        posts.account_key,
        posts.posted_on,
        posts.posted_month,
        posts.posted_weekday,
        posts.posted_hour,
        posts.definition_version,
        posts.score - format_means.mean_score as residual
    from posts
    inner join format_means
        on posts.account_key = format_means.account_key
        and posts.post_format = format_means.post_format
        and posts.definition_version = format_means.definition_version
),

month_means as (
    select
        account_key,
        posted_month,
        definition_version,
        {{ avg_exact('residual') }} as mean_residual
    from without_format
    group by account_key, posted_month, definition_version
),

final as (
    select
        without_format.post_key,
        without_format.account_key,
        without_format.posted_on,
        without_format.posted_weekday,
        without_format.posted_hour,
        round(without_format.residual - month_means.mean_residual, 6) as residual
    from without_format
    inner join month_means
        on without_format.account_key = month_means.account_key
        and without_format.posted_month = month_means.posted_month
        and without_format.definition_version = month_means.definition_version
)

select * from final
