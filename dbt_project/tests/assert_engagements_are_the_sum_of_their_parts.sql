-- Readings whose totals are not what dim_network says they are made of; an unknown part makes the total unknown.
with readings as (
    select
        snapshots.post_key,
        snapshots.observed_at,
        snapshots.is_own,
        snapshots.engagements_public,
        snapshots.engagements_full,
        snapshots.reactions + snapshots.comments as shown_everywhere,
        case when networks.public_includes_shares then snapshots.shares else 0 end as public_shares,
        case when networks.full_includes_shares then snapshots.shares else 0 end
        + case when networks.full_includes_saves then snapshots.saves else 0 end
        + case when networks.full_includes_link_clicks then snapshots.link_clicks else 0 end
        + case when networks.full_includes_profile_visits then snapshots.profile_visits else 0 end as owner_parts
    from {{ ref('fct_post_snapshot') }} as snapshots
    inner join {{ ref('dim_network') }} as networks on snapshots.network = networks.network
)

select
    post_key,
    observed_at,
    engagements_public,
    engagements_full
from readings
where
    engagements_public is distinct from shown_everywhere + public_shares
    or engagements_full is distinct from case when is_own then shown_everywhere + owner_parts end
