{% macro reading_source(source_rank='source_rank') -%}
case when {{ source_rank }} = 1 then 'api' else 'delivery' end
{%- endmacro %}
