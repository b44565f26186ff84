-- grain: source instance x media x reading
with newest as (
    {{ newest_version(source('instagram', 'media_insights'), ['source_instance', 'media_id', '_observed_at']) }}
),

final as (
    select
        source_instance,
        brand_id,
        media_id,
        account_id,
        views,
        reach,
        likes,
        comments,
        shares,
        saved,
        follows,
        profile_visits,
        total_interactions,
        ig_reels_avg_watch_time,
        ig_reels_video_view_total_time,
        cast(_observed_at as timestamp) as observed_at,
        _dlt_load_id
    from newest
)

select * from final
