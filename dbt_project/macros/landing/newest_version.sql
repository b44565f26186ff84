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
