-- grain: source instance x network x scope of ids x post x reading
{% set counts = [
    'impressions', 'reach', 'reactions', 'comments', 'shares', 'saves', 'link_clicks', 'profile_visits',
] %}
{% set key = ['source_instance', 'network', 'scope', 'post_id', 'observed_at'] %}
with current_rows as (
    {{ newest_file_rows(source('file_drop', 'post_readings')) }}
),

scoped as (
    select
        current_rows.*,
        coalesce(current_rows.id_scope, '') as scope
    from current_rows
),

ranked as (
    select
        scoped.*,
        cast(scoped._observed_at as timestamp) >= run.as_of_at as is_attribute_current_fallback,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by
                case when cast(scoped._observed_at as timestamp) < run.as_of_at then 0 else 1 end,
                scoped._observed_at desc,
                scoped._dlt_load_id desc,
                scoped._source_file desc nulls last,
                scoped._record_number desc nulls last
        ) as version_rank
    from scoped
    cross join {{ ref('stg_config__run') }} as run
),

-- Records of one moment, each with some of the counts, are one reading: of each count the newest that is known.
merged as (
    select
        brand_id,
        source_instance,
        network,
        scope as id_scope,
        account_id,
        post_id,
        cast(observed_at as timestamp) as observed_at,
        {% for count in counts %}
        {{ first_known(count, key, 'version_rank') }} as {{ count }},
        {% endfor %}
        is_attribute_current_fallback,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id,
        version_rank
    from ranked
),

-- What a drop measures is told by all that it brings, not by a row: a count that it has at times is unknown elsewhere.
-- It is the owner's where it ever brings a count that is in no total of what everybody sees.
drops as (
    select
        readings.source_instance,
        readings.network,
        {% for count in counts %}
        count(readings.{{ count }}) > 0 as measures_{{ count }},
        {% endfor %}
        count(readings.impressions) + count(readings.reach) + count(readings.saves) + count(readings.link_clicks)
        + count(readings.profile_visits)
        + count(case when public_shares.metric is null then readings.shares end) > 0 as is_of_owner
    from merged as readings
    left join {{ ref('engagement_parts') }} as public_shares
        on readings.network = public_shares.network
        and public_shares.total = 'public'
        and public_shares.metric = 'shares'
        and {{ is_valid_at('public_shares', 'readings.observed_at') }}
    where readings.version_rank = 1 and readings.observed_at < {{ run_setting('as_of_at') }}
    group by readings.source_instance, readings.network
),

final as (
    select
        merged.brand_id,
        merged.source_instance,
        cast(2 as bigint) as source_rank,
        merged.network,
        merged.id_scope,
        merged.account_id,
        merged.post_id,
        merged.observed_at,
        case when drops.is_of_owner then 'owner' else 'public' end as metric_set,
        ';'
        {%- for count in counts %}
        || case when drops.measures_{{ count }} then '{{ count }};' else '' end
        {%- endfor %} as measured_metrics,
        {% for count in counts %}
        merged.{{ count }},
        {% endfor %}
        merged.is_attribute_current_fallback,
        merged._observed_at,
        merged._dlt_load_id
    from merged
    left join drops
        on merged.source_instance = drops.source_instance and merged.network = drops.network
    where merged.version_rank = 1
)

select * from final
