{% macro spine_days(first_day, last_day) -%}
{{ return(adapter.dispatch('spine_days', 'voxhouse')(first_day, last_day)) }}
{%- endmacro %}

{% macro duckdb__spine_days(first_day, last_day) -%}
cast(unnest(generate_series(cast({{ first_day }} as date), cast({{ last_day }} as date), interval 1 day)) as date)
{%- endmacro %}
