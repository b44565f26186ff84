{#- Whoever says no in any spelling has said it; only the word itself says yes. -#}
{% macro consent_word(column) -%}
case
    when translate(lower({{ column }}), ' -_', '') in (
        'unsubscribed', 'unsubscribe', 'optedout', 'optout', 'redacted', 'no', 'false'
    ) then 'unsubscribed'
    else lower(trim({{ column }}))
end
{%- endmacro %}
