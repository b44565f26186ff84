{% macro visible_until(run, timezone) -%}
case
    when {{ run }}.is_past then least(
        {{ local_to_utc(date_plus(run ~ '.as_of', 1), timezone) }},
        coalesce({{ run }}.known_until, {{ local_to_utc(date_plus(run ~ '.as_of', 1), timezone) }})
    )
    else {{ run }}.as_of_at
end
{%- endmacro %}
