-- grain: source instance x note x reading
select
    brand_id,
    source_instance,
    cast(1 as bigint) as source_rank,
    'mastodon' as network,
    'village.example' as id_scope,
    author_id as account_id,
    note_id as post_id,
    cast(_observed_at as timestamp) as observed_at,
    'public' as metric_set,
    ';reactions;comments;' as measured_metrics,
    cast(null as bigint) as impressions,
    cast(null as bigint) as reach,
    hearts as reactions,
    answers as comments,
    cast(null as bigint) as shares,
    cast(null as bigint) as saves,
    cast(null as bigint) as link_clicks,
    cast(null as bigint) as profile_visits,
    false as is_attribute_current_fallback,
    cast(_observed_at as timestamp) as _observed_at,
    _dlt_load_id
from {{ source('village', 'notes') }}
