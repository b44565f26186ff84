{#- More records than this behind one identifier are not one person, but a shared or a made-up one. -#}
{% macro maximum_accounts() -%}
10
{%- endmacro %}
