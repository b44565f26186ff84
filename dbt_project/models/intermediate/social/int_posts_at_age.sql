-- grain: post x age in hours x metric set (public or owner)
{% set measures = ['engagements_public', 'engagements_full', 'impressions', 'reach'] %}
with readings as (
    select
        post_key,
        'public' as metric_set,
        observed_at,
        post_age_hours,
        engagements_public,
        cast(null as bigint) as engagements_full,
        cast(null as bigint) as impressions,
        cast(null as bigint) as reach
    from {{ ref('int_post_readings') }}
    where engagements_public is not null
    union all
    select
        post_key,
        'owner' as metric_set,
        observed_at,
        post_age_hours,
        cast(null as bigint) as engagements_public,
        engagements_full,
        impressions,
        reach
    from {{ ref('int_post_readings') }}
    where has_owner_counts
),

-- Tolerances follow the ladder on which posts are read (1 h, 6 h, 24 h, 2, 4, 7, 14, 28 days …) by a nightly run,
-- which is up to a day late: the neighbours of 24 h, 7 and 28 days must fit in.
ages as (
    {% for age_hours, tolerance_hours in [(24, 24), (168, 84), (672, 336)] -%}
    select
        {{ age_hours }} as age_hours,
        {{ tolerance_hours }} as tolerance_hours
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

brackets as (
    select
        readings.post_key,
        readings.metric_set,
        ages.age_hours,
        max(case when readings.post_age_hours <= ages.age_hours then readings.observed_at end) as lower_observed_at,
        min(case when readings.post_age_hours >= ages.age_hours then readings.observed_at end) as upper_observed_at
    from readings
    inner join ages
        on readings.post_age_hours between ages.age_hours - ages.tolerance_hours
        and ages.age_hours + ages.tolerance_hours
    group by readings.post_key, readings.metric_set, ages.age_hours
),

weighted as (
    select
        brackets.post_key,
        brackets.metric_set,
        brackets.age_hours,
        {% for measure in measures %}
        lower_reading.{{ measure }} as lower_{{ measure }},
        upper_reading.{{ measure }} as upper_{{ measure }},
        {% endfor %}
        lower_reading.post_age_hours as lower_age_hours,
        upper_reading.post_age_hours as upper_age_hours,
        case
            when upper_reading.post_age_hours = lower_reading.post_age_hours then 0
            else
                (brackets.age_hours - lower_reading.post_age_hours)
                / (upper_reading.post_age_hours - lower_reading.post_age_hours)
        end as upper_weight
    from brackets
    inner join readings as lower_reading
        on brackets.post_key = lower_reading.post_key
        and brackets.metric_set = lower_reading.metric_set
        and brackets.lower_observed_at = lower_reading.observed_at
    inner join readings as upper_reading
        on brackets.post_key = upper_reading.post_key
        and brackets.metric_set = upper_reading.metric_set
        and brackets.upper_observed_at = upper_reading.observed_at
),

final as (
    select
        post_key,
        metric_set,
        age_hours,
        {% for measure in measures %}
        cast(lower_{{ measure }} + upper_weight * (upper_{{ measure }} - lower_{{ measure }}) as double)
            as {{ measure }},
        {% endfor %}
        lower_age_hours,
        upper_age_hours
    from weighted
)

select * from final
