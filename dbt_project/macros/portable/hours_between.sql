{% macro hours_between(earlier, later) -%}
{{ return(adapter.dispatch('hours_between', 'voxhouse')(earlier, later)) }}
{%- endmacro %}

{% macro duckdb__hours_between(earlier, later) -%}
((epoch_us({{ later }}) - epoch_us({{ earlier }})) / cast(3600000000 as double))
{%- endmacro %}
