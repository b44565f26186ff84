{% macro sum_exact(expression, scale=8) -%}
cast(sum(cast({{ expression }} as decimal(38, {{ scale }}))) as double)
{%- endmacro %}
