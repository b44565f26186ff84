{% macro to_reporting(amount, fx_rate) -%}
cast(
    case
        when {{ fx_rate }} = 1 then {{ amount }}
        else cast(round(cast({{ amount }} as double) / nullif({{ fx_rate }}, 0), 4) as decimal(18, 4))
    end as decimal(18, 4)
)
{%- endmacro %}
