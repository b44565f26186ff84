-- grain: post
{% set owner_counts = [
    'impressions', 'reach', 'shares', 'saves', 'link_clicks', 'profile_visits', 'engagements_full',
] %}
{% set versioned = ['engagements_public', 'engagements_full', 'impressions'] %}
{% set ages = [('24h', 24), ('7d', 168), ('28d', 672)] %}
with public_readings as (
    select
        post_key,
        observed_at,
        post_age_hours,
        reactions,
        comments,
        engagements_public,
        engagement_components,
        engagements_public_version,
        row_number() over (partition by post_key order by observed_at desc) as reading_rank
    from {{ ref('int_post_readings_totalled') }}
    where reactions is not null or comments is not null
),

owner_readings as (
    select
        post_key,
        observed_at,
        {{ owner_counts | join(',\n        ') }},
        engagement_full_components,
        engagements_full_version,
        impressions_version,
        row_number() over (partition by post_key order by observed_at desc) as reading_rank
    from {{ ref('int_post_readings_totalled') }}
    where
        metric_set = 'owner'
        -- Of others' posts, what their network or a drop lets everybody see.
        or (
            not is_own
            and (
                impressions is not null
                or reach is not null
                or shares is not null
                or saves is not null
                or link_clicks is not null
                or profile_visits is not null
            )
        )
),

at_ages as (
    select
        {% for name, hours in ages %}
        {% for measure in ['engagements_public', 'engagements_full', 'impressions', 'reach'] %}
        max(case when age_hours = {{ hours }} then {{ measure }} end) as {{ measure }}_{{ name }},
        {% endfor %}
        {% for measure in versioned %}
        max(case when age_hours = {{ hours }} then {{ measure }}_version end) as {{ measure }}_{{ name }}_version,
        {% endfor %}
        {% for prefix, metric_set in [('', 'public'), ('owner_', 'owner')] %}
        {% set condition = "age_hours = " ~ hours ~ " and metric_set = '" ~ metric_set ~ "'" %}
        max(case when {{ condition }} then lower_age_hours end) as {{ prefix }}lower_age_hours_{{ name }},
        max(case when {{ condition }} then upper_age_hours end) as {{ prefix }}upper_age_hours_{{ name }},
        {% endfor %}
        {% endfor %}
        post_key
    from {{ ref('int_posts_at_age') }}
    group by post_key
),

joined as (
    select
        posts.post_key,
        posts.brand_id,
        posts.source_instance,
        posts.network,
        posts.account_key,
        posts.is_own,
        posts.post_id,
        posts.post_format,
        posts.caption,
        posts.permalink,
        posts.posted_at,
        posts.posted_on,
        posts.posted_weekday,
        posts.posted_hour,
        posts.is_deleted,
        posts.followers_at_post,
        brands.brand_name,
        accounts.username,
        public_readings.observed_at,
        public_readings.post_age_hours,
        public_readings.reactions,
        public_readings.comments,
        public_readings.engagements_public,
        public_readings.engagement_components,
        public_readings.engagements_public_version,
        owner_readings.observed_at as owner_observed_at,
        {% for count in owner_counts %}
        owner_readings.{{ count }},
        {% endfor %}
        owner_readings.engagement_full_components,
        owner_readings.engagements_full_version,
        owner_readings.impressions_version,
        {% for name, hours in ages %}
        {% for measure in [
            'engagements_public', 'engagements_full', 'impressions', 'reach', 'lower_age_hours', 'upper_age_hours',
            'owner_lower_age_hours', 'owner_upper_age_hours',
        ] %}
        at_ages.{{ measure }}_{{ name }},
        {% endfor %}
        {% for measure in versioned %}
        at_ages.{{ measure }}_{{ name }}_version,
        {% endfor %}
        {% endfor %}
        posts.as_of
    from {{ ref('dim_post') }} as posts
    left join {{ ref('int_accounts_assigned') }} as accounts on posts.account_key = accounts.account_key
    left join {{ ref('stg_config__brands') }} as brands on posts.brand_id = brands.brand_id
    left join public_readings on posts.post_key = public_readings.post_key and public_readings.reading_rank = 1
    left join owner_readings on posts.post_key = owner_readings.post_key and owner_readings.reading_rank = 1
    left join at_ages on posts.post_key = at_ages.post_key
),

final as (
    select
        post_key,
        brand_id,
        source_instance,
        network,
        account_key,
        is_own,
        brand_name,
        username,
        post_id,
        post_format,
        caption,
        permalink,
        posted_at,
        posted_on,
        posted_weekday,
        posted_hour,
        is_deleted,
        followers_at_post,
        observed_at,
        post_age_hours,
        owner_observed_at,
        impressions,
        reach,
        reactions,
        comments,
        shares,
        saves,
        link_clicks,
        profile_visits,
        engagements_public,
        engagement_components,
        engagements_full,
        engagement_full_components,
        engagements_public_version,
        engagements_full_version,
        impressions_version,
        {%- for name, hours in ages %}
        {%- for measure in versioned %}
        {{ measure }}_{{ name }}_version,
        {%- endfor %}
        engagements_public_{{ name }},
        engagements_full_{{ name }},
        impressions_{{ name }},
        reach_{{ name }},
        lower_age_hours_{{ name }},
        upper_age_hours_{{ name }},
        owner_lower_age_hours_{{ name }},
        owner_upper_age_hours_{{ name }},
        {%- endfor %}
        case when followers_at_post is not null then engagements_public end as erf_engagements,
        case when engagements_public is not null then followers_at_post end as erf_followers,
        {%- for name, hours in ages %}
        case when followers_at_post is not null then engagements_public_{{ name }} end as erf_{{ name }}_engagements,
        case when engagements_public_{{ name }} is not null then followers_at_post end as erf_{{ name }}_followers,
        {%- endfor %}
        case when reach is not null then engagements_full end as err_engagements,
        case when engagements_full is not null then reach end as err_reach,
        case when impressions is not null then engagements_full end as eri_engagements,
        case when engagements_full is not null then impressions end as eri_impressions,
        case when impressions is not null then link_clicks end as ctr_link_clicks,
        case when link_clicks is not null then impressions end as ctr_impressions,
        case when engagements_full is not null then shares end as amplification_shares,
        case when shares is not null then engagements_full end as amplification_engagements,
        as_of
    from joined
)

select * from final
