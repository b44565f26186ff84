-- grain: network x metric x version of its definition
with final as (
    select
        network,
        metric,
        definition_version,
        replace(substr(parts, 2, length(parts) - 2), ';', ', ') as components,
        valid_from,
        valid_to,
        {{ run_setting('as_of') }} as as_of
    from {{ ref('int_metric_definitions') }}
)

select * from final
