{% macro utc_to_local(instant, timezone) -%}
{{ return(adapter.dispatch('utc_to_local', 'voxhouse')(instant, timezone)) }}
{%- endmacro %}

{% macro duckdb__utc_to_local(instant, timezone) -%}
(cast({{ instant }} as timestamp) at time zone 'UTC' at time zone {{ timezone }})
{%- endmacro %}
