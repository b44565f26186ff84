-- grain: source instance x media x reading. The listing shows what everybody sees; insights are the owner's.
with media as (
    select
        brand_id,
        source_instance,
        media_id,
        account_id,
        like_count,
        comments_count,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id
    from {{ ref('base_instagram__media') }}
    where not is_deleted
),

final as (
    select
        coalesce(media.brand_id, insights.brand_id) as brand_id,
        coalesce(media.source_instance, insights.source_instance) as source_instance,
        cast(1 as bigint) as source_rank,
        'instagram' as network,
        '' as id_scope,
        coalesce(media.account_id, insights.account_id) as account_id,
        coalesce(media.media_id, insights.media_id) as post_id,
        coalesce(media._observed_at, insights._observed_at) as observed_at,
        case when insights.media_id is not null then 'owner' else 'public' end as metric_set,
        case
            when insights.media_id is not null then ';impressions;reach;reactions;comments;shares;saves;profile_visits;'
            else ';reactions;comments;'
        end as measured_metrics,
        insights.views as impressions,
        insights.reach,
        case when media.media_id is null then insights.likes else media.like_count end as reactions,
        case when media.media_id is null then insights.comments else media.comments_count end as comments,
        insights.shares,
        insights.saved as saves,
        cast(null as bigint) as link_clicks,
        insights.profile_visits,
        coalesce(media.is_attribute_current_fallback, insights.is_attribute_current_fallback)
            as is_attribute_current_fallback,
        coalesce(media._observed_at, insights._observed_at) as _observed_at,
        coalesce(media._dlt_load_id, insights._dlt_load_id) as _dlt_load_id
    from media
    full outer join {{ ref('base_instagram__media_insights') }} as insights
        on media.source_instance = insights.source_instance
        and media.media_id = insights.media_id
        and media._observed_at = insights._observed_at
)

select * from final
