{% macro first_landed(relation, key) -%}
select
    {{ key | join(',\n    ') }},
    min(cast(_observed_at as timestamp)) as first_landed_at
from {{ relation }}
group by {{ key | join(', ') }}
{%- endmacro %}
