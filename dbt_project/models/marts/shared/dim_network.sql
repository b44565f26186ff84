-- grain: network
with final as (
    select
        network,
        network_name,
        composition_version,
        public_includes_shares,
        full_includes_shares,
        full_includes_saves,
        full_includes_link_clicks,
        full_includes_profile_visits,
        {{ run_setting('as_of') }} as as_of
    from {{ ref('networks') }}
)

select * from final
