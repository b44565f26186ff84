{#- 1.2815515655446004 is the standard normal quantile of 0.9: an interval of 80 %, as of all our intervals. -#}
{% macro wilson_bound(successes, trials, side) -%}
{%- set z = 'cast(1.2815515655446004 as double)' -%}
{%- set n = 'cast(' ~ trials ~ ' as double)' -%}
{%- set p = '(cast(' ~ successes ~ ' as double) / ' ~ n ~ ')' -%}
{%- set sign = '-' if side == 'low' else '+' -%}
case
    when {{ trials }} > 0 then round(
        {{ 'greatest(0, ' if side == 'low' else 'least(1, ' }}(
            {{ p }} + {{ z }} * {{ z }} / (2 * {{ n }})
            {{ sign }} {{ z }} * sqrt({{ p }} * (1 - {{ p }}) / {{ n }} + {{ z }} * {{ z }} / (4 * {{ n }} * {{ n }}))
        ) / (1 + {{ z }} * {{ z }} / {{ n }})), 8
    )
end
{%- endmacro %}
