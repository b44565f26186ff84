{% macro newest_version(relation, key, tie_breakers=[]) -%}
select *
from (
    select
        versions.*,
        cast(versions._observed_at as timestamp) >= run.as_of_at as is_attribute_current_fallback,
        row_number() over (
            partition by {% for column in key %}versions.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
            order by
                case when cast(versions._observed_at as timestamp) < run.as_of_at then 0 else 1 end,
                versions._observed_at desc,
                versions._dlt_load_id desc
                {%- for column in tie_breakers %}, versions.{{ column }} desc nulls last{% endfor %}
        ) as version_rank
    from {{ relation }} as versions
    cross join {{ ref('stg_config__run') }} as run
) as ranked_versions
where version_rank = 1
{%- endmacro %}

{% macro newest_change(relation, key, changed_at) -%}
select *
from (
    select
        timed_versions.*,
        row_number() over (
            partition by {% for column in key %}timed_versions.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
            order by
                case when timed_versions.is_attribute_current_fallback then 1 else 0 end,
                timed_versions.{{ changed_at }} desc nulls last,
                timed_versions._observed_at desc,
                timed_versions._dlt_load_id desc
        ) as version_rank
    from (
        select
            versions.*,
            run.is_past and coalesce(
                cast(versions.{{ changed_at }} as timestamp) >= {{ visible_until('run', "coalesce(brands.timezone, 'UTC')") }},
                false
            ) as is_attribute_current_fallback
        from {{ relation }} as versions
        cross join {{ ref('stg_config__run') }} as run
        left join {{ ref('stg_config__brands') }} as brands
            on versions.brand_id = brands.brand_id
    ) as timed_versions
) as ranked_versions
where version_rank = 1
{%- endmacro %}
