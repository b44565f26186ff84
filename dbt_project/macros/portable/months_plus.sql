{% macro months_plus(day, months) -%}
{{ return(adapter.dispatch('months_plus', 'voxhouse')(day, months)) }}
{%- endmacro %}

{% macro duckdb__months_plus(day, months) -%}
cast(cast({{ day }} as date) + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}
