-- grain: post x reading
{% set counts = [
    'impressions', 'reach', 'reactions', 'comments', 'shares', 'saves', 'link_clicks', 'profile_visits',
] %}
{% set parts = ['reactions', 'comments', 'shares', 'saves', 'link_clicks', 'profile_visits'] %}
{% set totals = {'public': 'engagement_components', 'full': 'engagement_full_components'} %}
{% set figures = ['engagements_public', 'engagements_full', 'impressions'] %}
with ranked_readings as (
    select
        posts.post_key,
        posts.brand_id,
        posts.account_key,
        posts.is_own,
        posts.posted_at,
        readings.source_instance,
        readings.source_rank,
        readings.network,
        readings.observed_at,
        readings.metric_set,
        readings.measured_metrics,
        {% for count in counts %}
        readings.{{ count }},
        {% endfor %}
        row_number() over (
            partition by posts.post_key, readings.observed_at, readings.source_rank
            order by case when readings.metric_set = 'owner' then 0 else 1 end, readings.source_instance
        ) as rank_of_source
    from {{ ref('int_post_readings') }} as readings
    inner join {{ ref('int_posts_merged') }} as posts
        on readings.network = posts.network
        and readings.id_scope = posts.id_scope
        and readings.post_id = posts.post_id
    cross join {{ ref('stg_config__run') }} as run
    where
        readings.observed_at < {{ visible_until('run', 'posts.timezone') }}
        and (
            {% for count in counts %}
            {{ 'or ' if not loop.first }}readings.{{ count }} is not null
            {% endfor %}
        )
),

-- Sources of one rank that each know some of the counts of a moment make one reading; the network's own is never mixed
-- with a delivery's, whose counts may be defined otherwise.
{% set moment = ['post_key', 'observed_at', 'source_rank'] %}
merged as (
    select
        post_key,
        brand_id,
        account_key,
        is_own,
        posted_at,
        source_instance,
        source_rank,
        network,
        observed_at,
        rank_of_source,
        {% for count in counts %}
        {{ first_known(count, moment, 'rank_of_source') }} as {{ count }},
        {% endfor %}
        max(case when metric_set = 'owner' and is_own then 1 else 0 end)
            over (partition by {{ moment | join(', ') }})
        = 1 as is_of_owner,
        ';'
        {%- for part in parts %}
        || max(case when {{ has_metric('measured_metrics', part) }} then '{{ part }};' else '' end)
            over (partition by {{ moment | join(', ') }})
        {%- endfor %} as measured_metrics,
        row_number() over (
            partition by post_key, observed_at
            order by source_rank, rank_of_source
        ) as reading_rank
    from ranked_readings
),

-- A total is the sum of those of its parts, by the definition of the time, that its source has at all.
composed as (
    select
        merged.post_key,
        merged.brand_id,
        merged.source_instance,
        merged.network,
        merged.account_key,
        merged.is_own,
        {{ reading_source('merged.source_rank') }} as reading_source,
        merged.observed_at,
        merged.posted_at,
        {% for count in counts %}
        merged.{{ count }},
        {% endfor %}
        {% for total in totals %}
        ';'
        {%- for part in parts %}
        || case
            when
                {{ has_metric('merged.measured_metrics', part) }}
                and {{ has_metric('of_engagements_' ~ total ~ '.parts', part) }}
                {% if total == 'full' %}
                and merged.is_of_owner
                {% endif %}
                then '{{ part }};'
            else ''
        end
        {%- endfor %} as {{ total }}_parts,
        {% endfor %}
        {% for figure in figures %}
        of_{{ figure }}.definition_version as {{ figure }}_version,
        {% endfor %}
        case when merged.is_of_owner then 'owner' else 'public' end as metric_set
    from merged
    {% for figure in figures %}
    left join {{ ref('int_metric_definitions') }} as of_{{ figure }}
        on merged.network = of_{{ figure }}.network
        and of_{{ figure }}.metric = '{{ figure }}'
        and {{ is_valid_at('of_' ~ figure, 'merged.observed_at') }}
    {% endfor %}
    where merged.reading_rank = 1
),

totals as (
    select
        {% for total in totals %}
        case
            when composed.{{ total }}_parts like '%;reactions;%' or composed.{{ total }}_parts like '%;comments;%'
                then {{ sum_of_listed('composed.' ~ total ~ '_parts', parts, 'composed') }}
        end as engagements_{{ total }},
        {% endfor %}
        composed.*
    from composed
),

final as (
    select
        post_key,
        brand_id,
        source_instance,
        network,
        account_key,
        is_own,
        reading_source,
        metric_set,
        observed_at,
        posted_at,
        {{ hours_between('posted_at', 'observed_at') }} as post_age_hours,
        {{ counts | join(',\n        ') }},
        engagements_public,
        engagements_full,
        {% for total, components in totals.items() %}
        case
            when engagements_{{ total }} is not null
                then replace(substr({{ total }}_parts, 2, length({{ total }}_parts) - 2), ';', ', ')
        end as {{ components }},
        {% endfor %}
        {% for figure in figures %}
        case when {{ figure }} is not null then {{ figure }}_version end as {{ figure }}_version,
        {% endfor %}
        case when engagements_public is not null then public_parts || engagements_public_version end
            as engagements_public_counter,
        case when engagements_full is not null then full_parts || engagements_full_version end
            as engagements_full_counter,
        case when impressions is not null then reading_source || ' ' || coalesce(impressions_version, '') end
            as impressions_counter
    from totals
)

select * from final
