-- grain: account x level (weekday, hour or cell) x weekday x hour that has posts
{% set cell_columns = {
    'weekday': ['posted_weekday', 'cast(null as integer)'],
    'hour': ['cast(null as integer)', 'posted_hour'],
    'cell': ['posted_weekday', 'posted_hour'],
} %}
with posts as (
    select
        account_key,
        posted_weekday,
        posted_hour,
        residual
    from {{ ref('int_post_timing_residuals') }}
),

weekday_effects as (
    {{ shrunken_means('posts', ['posted_weekday'], 'residual') }}
),

without_weekday as (
    select
        posts.account_key,
        posts.posted_weekday,
        posts.posted_hour,
        posts.residual - coalesce(weekday_effects.effect, 0) as residual
    from posts
    inner join weekday_effects
        on posts.account_key = weekday_effects.account_key and posts.posted_weekday = weekday_effects.posted_weekday
),

hour_effects as (
    {{ shrunken_means('without_weekday', ['posted_hour'], 'residual') }}
),

without_hour as (
    select
        without_weekday.account_key,
        without_weekday.posted_weekday,
        without_weekday.posted_hour,
        without_weekday.residual - coalesce(hour_effects.effect, 0) as residual
    from without_weekday
    inner join hour_effects
        on without_weekday.account_key = hour_effects.account_key
        and without_weekday.posted_hour = hour_effects.posted_hour
),

cell_effects as (
    {{ shrunken_means('without_hour', ['posted_weekday', 'posted_hour'], 'residual') }}
),

final as (
    {% for level, columns in cell_columns.items() -%}
    select
        account_key,
        '{{ level }}' as level,
        {{ columns[0] }} as posted_weekday,
        {{ columns[1] }} as posted_hour,
        posts_count,
        round(effect, 6) as effect,
        round(effect_variance, 6) as effect_variance,
        round(variance_between, 6) as variance_between
    from {{ level }}_effects
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select * from final
