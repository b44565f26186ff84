{% macro without_tax(full_price, stated, net) -%}
cast(
    case
        when {{ stated }} = 0 or {{ stated }} = {{ net }} then {{ full_price }}
        else round(
            cast({{ full_price }} as double) * cast({{ net }} as double) / nullif(cast({{ stated }} as double), 0), 4
        )
    end as decimal(18, 4)
)
{%- endmacro %}
