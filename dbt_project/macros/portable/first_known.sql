{% macro first_known(column, partition_by, order_by) -%}
{{ return(adapter.dispatch('first_known', 'voxhouse')(column, partition_by, order_by)) }}
{%- endmacro %}

{% macro duckdb__first_known(column, partition_by, order_by) -%}
first_value({{ column }} ignore nulls) over (
    partition by {{ partition_by | join(', ') }}
    order by {{ order_by }}
    rows between unbounded preceding and unbounded following
)
{%- endmacro %}
