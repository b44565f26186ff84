{% macro weekday_iso(day) -%}
cast((({{ days_between("date '1900-01-01'", day) }} % 7) + 7) % 7 + 1 as integer)
{%- endmacro %}
