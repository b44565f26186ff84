-- grain: account x day of the brand's time zone on which a reading tells what its posts gained
{% set public_counts = ['reactions', 'comments', 'engagements_public'] %}
{% set owner_counts = ['impressions', 'shares', 'saves', 'link_clicks', 'profile_visits', 'engagements_full'] %}
{% set counts = public_counts + owner_counts %}
with readings as (
    {% for metric_set, known_counts, condition in [
        ('public', public_counts, 'reactions is not null or comments is not null'),
        ('owner', owner_counts, 'has_owner_counts'),
    ] -%}
    select
        post_key,
        account_key,
        '{{ metric_set }}' as metric_set,
        observed_at,
        posted_at,
        {% for count in counts %}
        {{ count if count in known_counts else 'cast(null as bigint) as ' ~ count }},
        {% endfor %}
        post_age_hours
    from {{ ref('int_post_readings') }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

neighbours as (
    select
        account_key,
        metric_set,
        observed_at,
        posted_at,
        post_age_hours,
        {% for count in counts %}
        {{ count }},
        {{ previous_known(count, ['post_key', 'metric_set'], 'observed_at') }} as previous_{{ count }},
        {% endfor %}
        lag(observed_at) over (partition by post_key, metric_set order by observed_at) as previous_observed_at
    from readings
),

-- A count is compared with its newest known one, for networks leave out what is 0. Counters begin at 0 at publication;
-- a first value later than two days after it says too little of when it grew and is only a baseline.
intervals as (
    select
        neighbours.account_key,
        neighbours.metric_set,
        accounts.timezone,
        {% for count in counts %}
        neighbours.{{ count }}
        - case
            when neighbours.previous_{{ count }} is not null then neighbours.previous_{{ count }}
            when neighbours.post_age_hours between 0 and 48 then 0
        end as {{ count }},
        {% endfor %}
        coalesce(neighbours.previous_observed_at, neighbours.posted_at) as start_at,
        neighbours.observed_at as end_at
    from neighbours
    inner join {{ ref('int_accounts') }} as accounts on neighbours.account_key = accounts.account_key
    where neighbours.previous_observed_at is not null or neighbours.post_age_hours between 0 and 48
),

rates as (
    select
        account_key,
        metric_set,
        timezone,
        start_at,
        end_at,
        {{ hours_between('start_at', 'end_at') }} as interval_hours,
        {% for count in counts %}
        {{ count }},
        {% endfor %}
        {{ spine_days(utc_to_local('start_at', 'timezone'), utc_to_local('end_at', 'timezone')) }} as activity_on
    from intervals
    where start_at < end_at
),

zone_days as (
    select
        timezone,
        activity_on,
        {{ local_to_utc('activity_on', 'timezone') }} as day_start_at,
        {{ local_to_utc(date_plus('activity_on', 1), 'timezone') }} as day_end_at
    from rates
    group by timezone, activity_on
),

day_shares as (
    select
        rates.account_key,
        rates.activity_on,
        rates.metric_set = 'public' and rates.end_at >= zone_days.day_end_at as is_known_to_end,
        {% for count in counts %}
        rates.{{ count }},
        {% endfor %}
        {{ hours_between(
            'greatest(rates.start_at, zone_days.day_start_at)', 'least(rates.end_at, zone_days.day_end_at)'
        ) }} / rates.interval_hours as interval_share
    from rates
    inner join zone_days on rates.timezone = zone_days.timezone and rates.activity_on = zone_days.activity_on
),

final as (
    select
        account_key,
        activity_on,
        {% for count in counts %}
        {{ sum_exact(count ~ ' * interval_share', 12) }} as {{ count }}_delta,
        {% endfor %}
        cast(count(case when is_known_to_end then 1 end) as bigint) as posts_measured_count
    from day_shares
    where interval_share > 0
    group by account_key, activity_on
)

select * from final
