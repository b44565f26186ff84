-- grain: network x account
with api_accounts as (
    select
        source_instance,
        brand_id,
        account_id,
        lower(username) as username,
        account_name,
        is_own,
        observed_at
    from {{ ref('stg_instagram__accounts') }}
),

sightings as (
    select
        'instagram' as network,
        account_id,
        username,
        case when is_own then brand_id end as own_brand_id,
        cast(null as string) as drop_brand_id
    from api_accounts
    union all
    select
        'instagram' as network,
        account_id,
        cast(null as string) as username,
        case when is_own then brand_id end as own_brand_id,
        cast(null as string) as drop_brand_id
    from {{ ref('stg_instagram__media') }}
    union all
    select
        network,
        account_id,
        lower(username) as username,
        cast(null as string) as own_brand_id,
        brand_id as drop_brand_id
    from {{ ref('stg_file_drop__account_readings') }}
    union all
    select
        network,
        account_id,
        cast(null as string) as username,
        cast(null as string) as own_brand_id,
        brand_id as drop_brand_id
    from {{ ref('stg_file_drop__posts') }}
    union all
    select
        network,
        account_id,
        cast(null as string) as username,
        cast(null as string) as own_brand_id,
        brand_id as drop_brand_id
    from {{ ref('stg_file_drop__post_readings') }}
),

distinct_sightings as (
    select distinct
        network,
        account_id,
        username,
        own_brand_id,
        drop_brand_id
    from sightings
),

-- A configured account id decides, then a configured handle, then whose token read it, then whose drop brought it.
owners as (
    select
        sighted.network,
        sighted.account_id,
        coalesce(
            max(by_id.brand_id),
            max(by_handle.brand_id),
            max(sighted.own_brand_id),
            max(sighted.drop_brand_id),
            'unassigned'
        ) as brand_id,
        -- Two brands that claim one account by the same means; the first that decides.
        coalesce(
            {% for claim in ['by_id.brand_id', 'by_handle.brand_id', 'sighted.own_brand_id', 'sighted.drop_brand_id'] %}
            case
                when count({{ claim }}) = 0 then null
                when min({{ claim }}) = max({{ claim }}) then ''
                else min({{ claim }}) || ', ' || max({{ claim }})
            end{{ ',' if not loop.last }}
            {% endfor %}
        ) as claims
    from distinct_sightings as sighted
    left join {{ ref('stg_config__accounts') }} as by_id
        on sighted.network = by_id.network and sighted.account_id = by_id.account_id
    left join {{ ref('stg_config__accounts') }} as by_handle
        on sighted.network = by_handle.network and sighted.username = by_handle.username
    group by sighted.network, sighted.account_id
),

attributes as (
    select
        'instagram' as network,
        account_id,
        source_instance,
        username,
        account_name,
        observed_at,
        1 as source_rank
    from api_accounts
    union all
    select
        network,
        account_id,
        source_instance,
        lower(username) as username,
        cast(null as string) as account_name,
        observed_at,
        2 as source_rank
    from {{ ref('stg_file_drop__account_readings') }}
    union all
    select
        network,
        account_id,
        min(source_instance) as source_instance,
        cast(null as string) as username,
        cast(null as string) as account_name,
        cast(null as timestamp) as observed_at,
        3 as source_rank
    from {{ ref('stg_file_drop__posts') }}
    group by network, account_id
    union all
    select
        network,
        account_id,
        min(source_instance) as source_instance,
        cast(null as string) as username,
        cast(null as string) as account_name,
        cast(null as timestamp) as observed_at,
        4 as source_rank
    from {{ ref('stg_file_drop__post_readings') }}
    group by network, account_id
),

ranked_attributes as (
    select
        attributes.network,
        attributes.account_id,
        attributes.source_instance,
        attributes.username,
        attributes.account_name,
        coalesce(attributes.observed_at >= run.as_of_at, false) as is_attribute_current_fallback,
        row_number() over (
            partition by attributes.network, attributes.account_id
            order by
                case when attributes.username is null then 1 else 0 end asc,
                case when attributes.observed_at >= run.as_of_at then 1 else 0 end asc,
                attributes.source_rank asc,
                attributes.observed_at desc nulls last,
                attributes.source_instance asc
        ) as attribute_rank
    from attributes
    cross join {{ ref('stg_config__run') }} as run
),

final as (
    select
        {{ surrogate_key(['owners.brand_id', 'owners.network', 'owners.account_id']) }} as account_key,
        owners.brand_id,
        newest.source_instance,
        owners.network,
        owners.account_id,
        newest.username,
        newest.account_name,
        coalesce(brands.ownership = 'own', false) as is_own,
        coalesce(brands.timezone, 'UTC') as timezone,
        coalesce(brands.week_start, 'monday') as week_start,
        nullif(owners.claims, '') as claimed_by,
        coalesce(newest.is_attribute_current_fallback, false) as is_attribute_current_fallback
    from owners
    left join {{ ref('stg_config__brands') }} as brands on owners.brand_id = brands.brand_id
    left join ranked_attributes as newest
        on owners.network = newest.network
        and owners.account_id = newest.account_id
        and newest.attribute_rank = 1
)

select * from final
