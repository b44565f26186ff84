-- grain: source instance x note, as it was read first
with ranked as (
    select
        notes.*,
        max(notes._observed_at) over (partition by notes.source_instance, notes.note_id) as last_read_at,
        row_number() over (
            partition by notes.source_instance, notes.note_id
            order by notes._observed_at, notes._dlt_load_id
        ) as reading_rank
    from {{ source('village', 'notes') }} as notes
)

select
    brand_id,
    source_instance,
    cast(1 as bigint) as source_rank,
    'mastodon' as network,
    'village.example' as id_scope,
    author_id as account_id,
    note_id as post_id,
    true as is_own,
    cast(written_at as timestamp) as posted_at,
    'text' as post_format,
    cast(null as string) as caption,
    cast(null as string) as permalink,
    cast(null as timestamp) as deleted_at,
    cast(last_read_at as timestamp) as last_seen_at,
    cast(null as timestamp) as watched_until,
    false as is_attribute_current_fallback,
    cast(_observed_at as timestamp) as _observed_at,
    _dlt_load_id
from ranked
where reading_rank = 1
