{% macro is_valid_at(definition, moment) -%}
({{ definition }}.valid_from is null or {{ definition }}.valid_from <= {{ moment }})
and ({{ definition }}.valid_to is null or {{ moment }} < {{ definition }}.valid_to)
{%- endmacro %}
