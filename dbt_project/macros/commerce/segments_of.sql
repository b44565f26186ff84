{% macro segments_of(relation, columns) -%}
{%- set segments = {
    'all': "'all'", 'country': 'country_code', 'acquisition_channel': 'acquisition_channel', 'value_band': 'value_band'
} -%}
{%- for segment_type, segment in segments.items() %}
select
    '{{ segment_type }}' as segment_type,
    coalesce({{ segment }}, 'unknown') as segment,
    {{ columns | join(',\n    ') }}
from {{ relation }}
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
{%- endmacro %}
