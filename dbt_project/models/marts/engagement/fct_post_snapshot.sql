-- grain: post x reading
with final as (
    select
        post_key,
        brand_id,
        source_instance,
        network,
        account_key,
        is_own,
        reading_source,
        metric_set,
        observed_at,
        posted_at,
        post_age_hours,
        impressions,
        reach,
        reactions,
        comments,
        shares,
        saves,
        link_clicks,
        profile_visits,
        engagements_public,
        engagements_full,
        engagement_components,
        engagement_full_components,
        engagements_public_version,
        engagements_full_version,
        impressions_version,
        {{ run_setting('as_of') }} as as_of
    from {{ ref('int_post_readings_totalled') }}
)

select * from final
