{% macro month_start(day) -%}
cast(date_trunc('month', cast({{ day }} as date)) as date)
{%- endmacro %}
