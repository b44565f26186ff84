{% macro split_rows(column, separator) -%}
{{ return(adapter.dispatch('split_rows', 'voxhouse')(column, separator)) }}
{%- endmacro %}

{% macro duckdb__split_rows(column, separator) -%}
unnest(string_split({{ column }}, '{{ separator }}'))
{%- endmacro %}
