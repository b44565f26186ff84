-- grain: source instance x contact that was merged into another
with merged_contacts as (
    select
        brand_id,
        source_instance,
        contact_id as survivor_id,
        created_at as survivor_created_at,
        updated_at as merged_at,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id,
        {{ split_rows('merged_contact_ids', ';') }} as merged_id
    from {{ ref('base_hubspot__contacts') }}
),

ranked as (
    select
        brand_id,
        source_instance,
        trim(merged_id) as merged_id,
        survivor_id,
        min(survivor_created_at) over (partition by source_instance, trim(merged_id)) as survivor_created_at,
        min(merged_at) over (partition by source_instance, trim(merged_id)) as merged_at,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id,
        row_number() over (partition by source_instance, trim(merged_id) order by survivor_id) as survivor_rank
    from merged_contacts
    where trim(merged_id) <> '' and trim(merged_id) <> survivor_id
),

final as (
    select
        brand_id,
        source_instance,
        cast(1 as bigint) as source_rank,
        'hubspot' as source_kind,
        'contact' as record_type,
        merged_id,
        survivor_id,
        survivor_created_at,
        merged_at,
        is_attribute_current_fallback,
        _observed_at,
        _dlt_load_id
    from ranked
    where survivor_rank = 1
)

select * from final
