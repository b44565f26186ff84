{% macro week_start(day, first_weekday) -%}
{%- set back = weekday_iso(day) ~ " - case when " ~ first_weekday ~ " = 'sunday' then 7 else 1 end + 7" -%}
{{ date_plus(day, "-((" ~ back ~ ") % 7)") }}
{%- endmacro %}
