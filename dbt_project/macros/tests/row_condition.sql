{% test row_condition(model, condition) -%}
select *
from {{ model }}
where not ({{ condition }})
{%- endtest %}
