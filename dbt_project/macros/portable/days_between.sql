{% macro days_between(earlier, later) -%}
{{ return(adapter.dispatch('days_between', 'voxhouse')(earlier, later)) }}
{%- endmacro %}

{% macro duckdb__days_between(earlier, later) -%}
date_diff('day', cast({{ earlier }} as date), cast({{ later }} as date))
{%- endmacro %}
