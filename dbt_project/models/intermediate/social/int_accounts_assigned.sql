-- grain: network x scope of ids x account
with sightings as (
    select
        network,
        id_scope,
        account_id,
        source_instance,
        brand_id,
        source_rank,
        is_own,
        username,
        account_name,
        observed_at,
        1 as sighting_rank
    from {{ ref('int_accounts') }}
    union all
    select
        network,
        id_scope,
        account_id,
        source_instance,
        brand_id,
        source_rank,
        is_own,
        cast(null as string) as username,
        cast(null as string) as account_name,
        cast(null as timestamp) as observed_at,
        2 as sighting_rank
    from {{ ref('int_posts') }}
    union all
    select
        network,
        id_scope,
        account_id,
        source_instance,
        brand_id,
        source_rank,
        cast(null as boolean) as is_own,
        cast(null as string) as username,
        cast(null as string) as account_name,
        cast(null as timestamp) as observed_at,
        3 as sighting_rank
    from {{ ref('int_post_readings') }}
    where account_id is not null
),

distinct_sightings as (
    select distinct
        network,
        id_scope,
        account_id,
        username,
        case when is_own then brand_id end as own_brand_id,
        -- A network's own readings of posts do not say whose they are; a delivery is its brand's.
        case when is_own is null and source_rank > 1 then brand_id end as delivery_brand_id
    from sightings
),

-- A configured account id decides, then a configured handle, then whose token read it, then whose delivery brought it.
owners as (
    select
        sighted.network,
        sighted.id_scope,
        sighted.account_id,
        coalesce(
            max(by_id.brand_id),
            max(by_handle.brand_id),
            max(sighted.own_brand_id),
            max(sighted.delivery_brand_id),
            'unassigned'
        ) as brand_id,
        -- Two brands that claim one account by the same means; the first that decides.
        coalesce(
            {% for claim in [
                'by_id.brand_id', 'by_handle.brand_id', 'sighted.own_brand_id', 'sighted.delivery_brand_id',
            ] %}
            case
                when count({{ claim }}) = 0 then null
                when min({{ claim }}) = max({{ claim }}) then ''
                else min({{ claim }}) || ', ' || max({{ claim }})
            end{{ ',' if not loop.last }}
            {% endfor %}
        ) as claims
    from distinct_sightings as sighted
    left join {{ ref('stg_config__accounts') }} as by_id
        on sighted.network = by_id.network
        and {{ scoped_id('sighted.account_id', 'sighted.id_scope') }} = by_id.account_id
    left join {{ ref('stg_config__accounts') }} as by_handle
        on sighted.network = by_handle.network and sighted.username = by_handle.username
    group by sighted.network, sighted.id_scope, sighted.account_id
),

ranked_attributes as (
    select
        sightings.network,
        sightings.id_scope,
        sightings.account_id,
        sightings.source_instance,
        sightings.username,
        sightings.account_name,
        coalesce(sightings.observed_at >= run.as_of_at, false) as is_attribute_current_fallback,
        row_number() over (
            partition by sightings.network, sightings.id_scope, sightings.account_id
            order by
                case when sightings.username is null then 1 else 0 end asc,
                case when sightings.observed_at >= run.as_of_at then 1 else 0 end asc,
                sightings.sighting_rank asc,
                sightings.source_rank asc,
                sightings.observed_at desc nulls last,
                sightings.source_instance asc
        ) as attribute_rank
    from sightings
    cross join {{ ref('stg_config__run') }} as run
),

final as (
    select
        {{ surrogate_key([
            'owners.brand_id', 'owners.network', scoped_id('owners.account_id', 'owners.id_scope'),
        ]) }} as account_key,
        owners.brand_id,
        newest.source_instance,
        owners.network,
        owners.id_scope,
        owners.account_id,
        newest.username,
        newest.account_name,
        coalesce(brands.ownership = 'own', false) as is_own,
        coalesce(brands.timezone, 'UTC') as timezone,
        coalesce(brands.week_start, 'monday') as week_start,
        nullif(owners.claims, '') as claimed_by,
        newest.is_attribute_current_fallback
    from owners
    left join {{ ref('stg_config__brands') }} as brands on owners.brand_id = brands.brand_id
    inner join ranked_attributes as newest
        on owners.network = newest.network
        and owners.id_scope = newest.id_scope
        and owners.account_id = newest.account_id
        and newest.attribute_rank = 1
)

select * from final
