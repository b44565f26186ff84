-- grain: source instance x network x post x reading
{% set key = ['source_instance', 'network', 'post_id', 'observed_at'] %}
with current_rows as (
    {{ newest_file_rows(source('file_drop', 'post_readings')) }}
),

ranked as (
    select
        current_rows.*,
        cast(current_rows._observed_at as timestamp) >= run.as_of_at as is_attribute_current_fallback,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by
                case when cast(current_rows._observed_at as timestamp) < run.as_of_at then 0 else 1 end,
                current_rows._observed_at desc,
                current_rows._dlt_load_id desc,
                current_rows._source_file desc nulls last,
                current_rows._record_number desc nulls last
        ) as version_rank
    from current_rows
    cross join {{ ref('stg_config__run') }} as run
),

-- Records of one moment, each with some of the counts, are one reading: of each count the newest that is known.
merged as (
    select
        source_instance,
        brand_id,
        network,
        account_id,
        post_id,
        cast(observed_at as timestamp) as observed_at,
        {% for count in [
            'impressions', 'reach', 'reactions', 'comments', 'shares', 'saves', 'link_clicks', 'profile_visits',
        ] %}
        {{ first_known(count, key, 'version_rank') }} as {{ count }},
        {% endfor %}
        cast(_observed_at as timestamp) as landed_at,
        is_attribute_current_fallback,
        _dlt_load_id,
        version_rank
    from ranked
),

final as (
    select
        source_instance,
        brand_id,
        network,
        account_id,
        post_id,
        observed_at,
        impressions,
        reach,
        reactions,
        comments,
        shares,
        saves,
        link_clicks,
        profile_visits,
        landed_at,
        is_attribute_current_fallback,
        _dlt_load_id
    from merged
    where version_rank = 1
)

select * from final
