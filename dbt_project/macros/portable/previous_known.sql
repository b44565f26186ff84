{% macro previous_known(column, partition_by, order_by) -%}
{{ return(adapter.dispatch('previous_known', 'voxhouse')(column, partition_by, order_by)) }}
{%- endmacro %}

{% macro duckdb__previous_known(column, partition_by, order_by) -%}
last_value({{ column }} ignore nulls) over (
    partition by {{ partition_by | join(', ') }}
    order by {{ order_by }}
    rows between unbounded preceding and 1 preceding
)
{%- endmacro %}
