-- grain: network x metric x version of its definition
{% set parts = ['reactions', 'comments', 'shares', 'saves', 'link_clicks', 'profile_visits'] %}
with engagements as (
    select
        network,
        'engagements_' || total as metric,
        definition_version,
        valid_from,
        valid_to,
        ';'
        {%- for part in parts %}
        || max(case when metric = '{{ part }}' then '{{ part }};' else '' end)
        {%- endfor %} as parts
    from {{ ref('engagement_parts') }}
    group by network, total, definition_version, valid_from, valid_to
),

final as (
    select
        network,
        metric,
        definition_version,
        valid_from,
        valid_to,
        parts
    from engagements
    union all
    select
        network,
        metric,
        definition_version,
        valid_from,
        valid_to,
        ';' || metric || ';' as parts
    from {{ ref('metric_definitions') }}
)

select * from final
