{% macro avg_exact(expression, scale=8) -%}
({{ sum_exact(expression, scale) }} / nullif(count({{ expression }}), 0))
{%- endmacro %}
