{% macro entity(name) -%}
{%- set kinds = [] -%}
{%- for kind, entities in var('entities').items() if name in entities -%}
{%- do kinds.append(kind) -%}
{%- endfor -%}
{%- for kind in kinds %}
select
    {{ model.columns.keys() | join(',\n    ') }}
from {{ ref('stg_' ~ kind ~ '__' ~ name) }}
{{ 'union all' if not loop.last }}
{%- endfor %}
{%- endmacro %}
