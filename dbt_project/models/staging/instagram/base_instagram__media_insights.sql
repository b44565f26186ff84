-- grain: source instance x media x reading
{% set left_out_at_zero = ['likes', 'comments', 'shares', 'saved', 'follows', 'profile_visits'] %}
with newest as (
    {{ newest_version(source('instagram', 'media_insights'), ['source_instance', 'media_id', '_observed_at']) }}
),

media_types as (
    select
        source_instance,
        media_id,
        max(
            case when media_type = 'CAROUSEL_ALBUM' then media_type else coalesce(media_product_type, 'FEED') end
        ) as object_type
    from {{ ref('base_instagram__media') }}
    group by source_instance, media_id
),

statuses as (
    select
        source_instance,
        object_type,
        metric,
        status,
        _observed_at as valid_from,
        lead(_observed_at) over (
            partition by source_instance, object_type, metric
            order by _observed_at
        ) as valid_to
    from {{ ref('base_instagram__metric_status') }}
),

-- Metrics of which a reading could say nothing: retired or withheld when it was read, or not of this type of media.
missing as (
    select
        newest.source_instance,
        newest.media_id,
        newest._observed_at,
        statuses.metric
    from newest
    inner join media_types
        on newest.source_instance = media_types.source_instance and newest.media_id = media_types.media_id
    inner join statuses
        on newest.source_instance = statuses.source_instance
        and media_types.object_type = statuses.object_type
        and cast(newest._observed_at as timestamp) >= statuses.valid_from
        and (statuses.valid_to is null or cast(newest._observed_at as timestamp) < statuses.valid_to)
    where statuses.status != 'available'
    union all
    select
        newest.source_instance,
        newest.media_id,
        newest._observed_at,
        documented.network_metric as metric
    from newest
    inner join media_types
        on newest.source_instance = media_types.source_instance and newest.media_id = media_types.media_id
    inner join {{ ref('metric_availability') }} as documented
        on media_types.object_type = documented.object_type
    where
        documented.network = 'instagram'
        and documented.ownership_scope = 'own'
        and documented.status != 'available'
),

missing_by_reading as (
    select
        {% for metric in left_out_at_zero %}
        max(case when metric = '{{ metric }}' then 1 else 0 end) as is_{{ metric }}_missing,
        {% endfor %}
        source_instance,
        media_id,
        _observed_at
    from missing
    group by source_instance, media_id, _observed_at
),

-- The network leaves a metric out when it is 0. Beside one that came, a metric that is available is therefore 0.
final as (
    select
        newest.brand_id,
        newest.source_instance,
        newest.media_id,
        newest.account_id,
        newest.views,
        newest.reach,
        {% for metric in left_out_at_zero %}
        case
            when newest.{{ metric }} is not null then newest.{{ metric }}
            when
                media_types.object_type is not null
                and (missing_by_reading.media_id is null or missing_by_reading.is_{{ metric }}_missing = 0)
                and (
                    newest.views is not null
                    or newest.reach is not null
                    or newest.total_interactions is not null
                    {% for other in left_out_at_zero if other != metric %}
                    or newest.{{ other }} is not null
                    {% endfor %}
                )
                then 0
        end as {{ metric }},
        {% endfor %}
        newest.is_attribute_current_fallback,
        cast(newest._observed_at as timestamp) as _observed_at,
        newest._dlt_load_id
    from newest
    left join media_types
        on newest.source_instance = media_types.source_instance and newest.media_id = media_types.media_id
    left join missing_by_reading
        on newest.source_instance = missing_by_reading.source_instance
        and newest.media_id = missing_by_reading.media_id
        and newest._observed_at = missing_by_reading._observed_at
)

select * from final
