{% macro has_metric(metrics, metric) -%}
{{ metrics }} like '%;{{ metric }};%'
{%- endmacro %}
