{% macro local_to_utc(wall_time, timezone) -%}
{{ return(adapter.dispatch('local_to_utc', 'voxhouse')(wall_time, timezone)) }}
{%- endmacro %}

{% macro duckdb__local_to_utc(wall_time, timezone) -%}
(cast({{ wall_time }} as timestamp) at time zone {{ timezone }} at time zone 'UTC')
{%- endmacro %}
