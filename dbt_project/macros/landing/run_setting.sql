{% macro run_setting(name) -%}
(select {{ name }} from {{ ref('stg_config__run') }})
{%- endmacro %}
