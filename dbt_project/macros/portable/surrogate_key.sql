{% macro surrogate_key(columns) -%}
md5(
    {%- for column in columns -%}
    coalesce(cast({{ column }} as string), '_null_')
    {%- if not loop.last %} || '|' || {% endif -%}
    {%- endfor -%}
)
{%- endmacro %}
