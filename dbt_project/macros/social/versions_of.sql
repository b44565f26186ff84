{% macro versions_of(column) -%}
case when min({{ column }}) = max({{ column }}) then min({{ column }}) else min({{ column }}) || ', ' || max({{ column }}) end
{%- endmacro %}
