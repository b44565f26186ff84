{% macro sum_of_listed(metrics, names, relation) -%}
0
{%- for name in names %}
+ case when {{ has_metric(metrics, name) }} then {{ relation }}.{{ name }} else 0 end
{%- endfor %}
{%- endmacro %}
