{% macro spine_integers(first, last) -%}
{{ return(adapter.dispatch('spine_integers', 'voxhouse')(first, last)) }}
{%- endmacro %}

{% macro duckdb__spine_integers(first, last) -%}
cast(unnest(generate_series({{ first }}, {{ last }})) as integer)
{%- endmacro %}
