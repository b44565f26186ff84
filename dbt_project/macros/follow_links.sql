{#- Each step doubles the way already gone, so that `steps` of them follow 2 ^ steps links. -#}
{% macro follow_links(relation, node, target, steps=6) -%}
{{ relation }}_0 as (
    select
        {{ node }} as node,
        {{ target }} as target,
        least({{ node }}, {{ target }}) as first_node
    from {{ relation }}
),
{% for step in range(steps) %}
{{ relation }}_{{ step + 1 }} as (
    select
        here.node,
        coalesce(there.target, here.target) as target,
        least(here.first_node, coalesce(there.first_node, here.first_node)) as first_node
    from {{ relation }}_{{ step }} as here
    left join {{ relation }}_{{ step }} as there
        on here.target = there.node
),
{% endfor %}
{#- Whose way still goes on after the last step went round in a circle, which ends in its first node. #}
{{ relation }}_ends as (
    select
        here.node,
        coalesce(there.first_node, here.target) as last_node
    from {{ relation }}_{{ steps }} as here
    left join {{ relation }}_{{ steps }} as there
        on here.target = there.node
),

{{ relation }}_followed as (
    select
        here.node,
        here.last_node
    from {{ relation }}_ends as here
    left join {{ relation }}_ends as there
        on here.last_node = there.node
    where here.node <> here.last_node and (there.node is null or there.last_node = there.node)
)
{%- endmacro %}
