{% macro date_plus(day, days) -%}
{{ return(adapter.dispatch('date_plus', 'voxhouse')(day, days)) }}
{%- endmacro %}

{% macro duckdb__date_plus(day, days) -%}
(cast({{ day }} as date) + cast({{ days }} as integer))
{%- endmacro %}
