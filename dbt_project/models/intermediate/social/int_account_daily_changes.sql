-- grain: account x day of the brand's time zone on which a reading tells what its posts gained
{% set counts = [
    'reactions', 'comments', 'engagements_public', 'impressions', 'shares', 'saves', 'link_clicks', 'profile_visits',
    'engagements_full',
] %}
{% set defined = ['engagements_public', 'impressions', 'engagements_full'] %}
with readings as (
    select
        post_key,
        account_key,
        observed_at,
        posted_at,
        post_age_hours,
        {% for count in counts %}
        {{ count }},
        {% if count in defined %}
        {{ count }}_counter,
        {{ count }}_version,
        {% endif %}
        {% endfor %}
        case when reactions is not null or comments is not null then observed_at end as public_read_at
    from {{ ref('int_post_readings_totalled') }}
),

-- A reading that does not know a count is none of it: each count has its own newest known value before.
neighbours as (
    select
        account_key,
        observed_at,
        posted_at,
        post_age_hours,
        {% for count in counts %}
        {{ count }},
        {{ previous_known(count, ['post_key'], 'observed_at') }} as previous_{{ count }},
        {{ previous_known('case when ' ~ count ~ ' is not null then observed_at end', ['post_key'], 'observed_at') }}
            as previous_{{ count }}_at,
        {% if count in defined %}
        {{ count }}_counter = {{ previous_known(count ~ '_counter', ['post_key'], 'observed_at') }}
            as is_{{ count }}_one_counter,
        {{ count }}_version,
        {% endif %}
        {% endfor %}
        public_read_at,
        {{ previous_known('public_read_at', ['post_key'], 'observed_at') }} as previous_public_read_at
    from readings
),

-- Counters begin at 0 at publication; a first value later than two days after it says too little of when it grew and is
-- only a baseline. So is the first value by another definition: two definitions are two counters, and what the account
-- gained between the two readings is unknown.
gains as (
    select
        neighbours.account_key,
        accounts.timezone,
        neighbours.observed_at as end_at,
        {% for count in counts %}
        neighbours.{{ count }} - coalesce(neighbours.previous_{{ count }}, 0) as {{ count }},
        case
            when neighbours.{{ count }} is null then null
            when neighbours.previous_{{ count }} is null
                then case when neighbours.post_age_hours between 0 and 48 then neighbours.posted_at end
            {% if count in defined %}
            when neighbours.is_{{ count }}_one_counter then neighbours.previous_{{ count }}_at
            {% else %}
            else neighbours.previous_{{ count }}_at
            {% endif %}
        end as {{ count }}_from,
        {% if count in defined %}
        neighbours.{{ count }}_version,
        case
            when neighbours.{{ count }} is not null and not neighbours.is_{{ count }}_one_counter
                then neighbours.previous_{{ count }}_at
        end as {{ count }}_broken_from,
        {% endif %}
        {% endfor %}
        case
            when neighbours.public_read_at is null then null
            when neighbours.previous_public_read_at is not null then neighbours.previous_public_read_at
            when neighbours.post_age_hours between 0 and 48 then neighbours.posted_at
        end as public_from
    from neighbours
    inner join {{ ref('int_accounts_assigned') }} as accounts on neighbours.account_key = accounts.account_key
),

intervals as (
    select
        gains.*,
        least(
            {% for count in counts %}
            coalesce(gains.{{ count }}_from, gains.end_at),
            {% if count in defined %}
            coalesce(gains.{{ count }}_broken_from, gains.end_at),
            {% endif %}
            {% endfor %}
            coalesce(gains.public_from, gains.end_at)
        ) as start_at
    from gains
),

days as (
    select
        intervals.*,
        {{ spine_days(
            utc_to_local('intervals.start_at', 'intervals.timezone'),
            utc_to_local('intervals.end_at', 'intervals.timezone'),
        ) }} as activity_on
    from intervals
    where intervals.start_at < intervals.end_at
),

zone_days as (
    select
        timezone,
        activity_on,
        {{ local_to_utc('activity_on', 'timezone') }} as day_start_at,
        {{ local_to_utc(date_plus('activity_on', 1), 'timezone') }} as day_end_at
    from days
    group by timezone, activity_on
),

day_shares as (
    select
        days.public_from < zone_days.day_end_at and days.end_at >= zone_days.day_end_at as is_known_to_end,
        {% for count in counts %}
        case
            when days.{{ count }}_from < zone_days.day_end_at and days.{{ count }}_from < days.end_at
                then
                    days.{{ count }}
                    * {{ hours_between(
                        'greatest(days.' ~ count ~ '_from, zone_days.day_start_at)',
                        'least(days.end_at, zone_days.day_end_at)',
                    ) }}
                    / {{ hours_between('days.' ~ count ~ '_from', 'days.end_at') }}
        end as {{ count }},
        {% if count in defined %}
        case when days.{{ count }}_broken_from < zone_days.day_end_at then 1 else 0 end as is_{{ count }}_broken,
        case when days.{{ count }}_from < zone_days.day_end_at then days.{{ count }}_version end as {{ count }}_version,
        {% endif %}
        {% endfor %}
        days.account_key,
        days.activity_on
    from days
    inner join zone_days on days.timezone = zone_days.timezone and days.activity_on = zone_days.activity_on
    where zone_days.day_start_at < days.end_at
),

final as (
    select
        account_key,
        activity_on,
        {% for count in counts %}
        {% if count in defined %}
        case when max(is_{{ count }}_broken) = 0 then {{ sum_exact(count, 12) }} end as {{ count }}_delta,
        case when max(is_{{ count }}_broken) = 0 then {{ versions_of(count ~ '_version') }} end as {{ count }}_version,
        {% else %}
        {{ sum_exact(count, 12) }} as {{ count }}_delta,
        {% endif %}
        {% endfor %}
        cast(count(case when is_known_to_end then 1 end) as bigint) as posts_measured_count
    from day_shares
    group by account_key, activity_on
)

select * from final
