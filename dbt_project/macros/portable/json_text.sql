{% macro json_text(column, path) -%}
{{ return(adapter.dispatch('json_text', 'voxhouse')(column, path)) }}
{%- endmacro %}

{% macro duckdb__json_text(column, path) -%}
json_extract_string({{ column }}, '$.{{ path }}')
{%- endmacro %}
