-- grain: network
{% set flags = {
    'public_includes_shares': ('engagements_public', 'shares'),
    'full_includes_shares': ('engagements_full', 'shares'),
    'full_includes_saves': ('engagements_full', 'saves'),
    'full_includes_link_clicks': ('engagements_full', 'link_clicks'),
    'full_includes_profile_visits': ('engagements_full', 'profile_visits'),
} %}
with compositions as (
    select
        definitions.network,
        {% for flag, (metric, part) in flags.items() %}
        max(case
            when definitions.metric = '{{ metric }}' and {{ has_metric('definitions.parts', part) }} then 1
            else 0
        end) = 1 as {{ flag }},
        {% endfor %}
        {{ versions_of('definitions.definition_version') }} as composition_version
    from {{ ref('int_metric_definitions') }} as definitions
    cross join {{ ref('stg_config__run') }} as run
    where
        definitions.metric in ('engagements_public', 'engagements_full')
        and {{ is_valid_at('definitions', 'run.as_of_at') }}
    group by definitions.network
),

final as (
    select
        networks.network,
        networks.network_name,
        compositions.composition_version,
        {% for flag in flags %}
        compositions.{{ flag }},
        {% endfor %}
        {{ run_setting('as_of') }} as as_of
    from {{ ref('networks') }} as networks
    left join compositions on networks.network = compositions.network
)

select * from final
