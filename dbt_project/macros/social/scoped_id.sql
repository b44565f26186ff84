{% macro scoped_id(id, scope='id_scope') -%}
case when {{ scope }} = '' then {{ id }} else {{ scope }} || '/' || {{ id }} end
{%- endmacro %}
