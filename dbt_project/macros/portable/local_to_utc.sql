{% macro local_to_utc(wall_time, timezone) -%}
{{ return(adapter.dispatch('local_to_utc', 'voxhouse')(wall_time, timezone)) }}
{%- endmacro %}

{# The engine takes the later of two passes of the clock; by the offset of the day before it is the first one. #}
{% macro duckdb__local_to_utc(wall_time, timezone) -%}
{%- set wall = "cast(" ~ wall_time ~ " as timestamp)" -%}
{%- set later = "(" ~ wall ~ " at time zone " ~ timezone ~ " at time zone 'UTC')" -%}
{%- set day_before = "(" ~ later ~ " - interval 1 day)" -%}
{%- set earlier = "(" ~ wall ~ " - (" ~ utc_to_local(day_before, timezone) ~ " - " ~ day_before ~ "))" -%}
(case when {{ utc_to_local(earlier, timezone) }} = {{ wall }} then least({{ earlier }}, {{ later }}) else {{ later }} end)
{%- endmacro %}
