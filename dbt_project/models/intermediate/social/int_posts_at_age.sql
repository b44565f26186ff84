-- grain: post x age in hours x metric set (public or owner)
{% set measures = ['engagements_public', 'engagements_full', 'impressions', 'reach'] %}
{% set defined = ['engagements_public', 'engagements_full', 'impressions'] %}
with readings as (
    {% for measure in measures -%}
    select
        post_key,
        '{{ measure }}' as measure,
        observed_at,
        post_age_hours,
        {{ measure ~ '_counter' if measure in defined else "''" }} as counter,
        {{ measure ~ '_version' if measure in defined else 'cast(null as string)' }} as definition_version,
        {{ measure }} as reading
    from {{ ref('int_post_readings_totalled') }}
    where {{ measure }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor -%}
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

-- A reading that does not know a measure is none of it: the neighbours are looked for measure by measure.
brackets as (
    select
        readings.post_key,
        readings.measure,
        ages.age_hours,
        max(case when readings.post_age_hours <= ages.age_hours then readings.observed_at end) as lower_observed_at,
        min(case when readings.post_age_hours >= ages.age_hours then readings.observed_at end) as upper_observed_at
    from readings
    inner join ages
        on readings.post_age_hours between ages.age_hours - ages.tolerance_hours
        and ages.age_hours + ages.tolerance_hours
    group by readings.post_key, readings.measure, ages.age_hours
),

weighted as (
    select
        brackets.post_key,
        brackets.measure,
        brackets.age_hours,
        lower_reading.definition_version,
        lower_reading.reading as lower_value,
        upper_reading.reading as upper_value,
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
        and brackets.measure = lower_reading.measure
        and brackets.lower_observed_at = lower_reading.observed_at
    inner join readings as upper_reading
        on brackets.post_key = upper_reading.post_key
        and brackets.measure = upper_reading.measure
        and brackets.upper_observed_at = upper_reading.observed_at
        -- No line leads from one counter to another.
        and lower_reading.counter = upper_reading.counter
),

values_at_age as (
    select
        post_key,
        case when measure = 'engagements_public' then 'public' else 'owner' end as metric_set,
        measure,
        age_hours,
        definition_version,
        cast(lower_value + upper_weight * (upper_value - lower_value) as double) as value_at_age,
        lower_age_hours,
        upper_age_hours
    from weighted
),

final as (
    select
        post_key,
        metric_set,
        age_hours,
        {% for measure in measures %}
        max(case when measure = '{{ measure }}' then value_at_age end) as {{ measure }},
        {% endfor %}
        {% for measure in defined %}
        max(case when measure = '{{ measure }}' then definition_version end) as {{ measure }}_version,
        {% endfor %}
        min(lower_age_hours) as lower_age_hours,
        max(upper_age_hours) as upper_age_hours
    from values_at_age
    group by post_key, metric_set, age_hours
)

select * from final
