-- grain: source instance x customer, as the newest file that has it said as of the run, else as the newest says
with file_rows as (
    {{ newest_file_rows(source('file_drop', 'customers'), as_known=true) }}
),

newest as (
    {{ newest_version('file_rows', ['source_instance', 'customer_id'], ['_source_file', '_record_number']) }}
),

first_landings as (
    {{ first_landed(source('file_drop', 'customers'), ['source_instance', 'customer_id']) }}
),

final as (
    select
        newest.brand_id,
        newest.source_instance,
        cast(2 as bigint) as source_rank,
        'file_drop' as source_kind,
        'customer' as record_type,
        newest.customer_id,
        'file' as known_from,
        newest.email_token,
        newest.phone_token,
        newest.handle_token,
        newest.country_code,
        newest.acquisition_channel,
        cast(null as string) as lifecycle_stage,
        newest.marketing_consent,
        cast(newest.created_at as timestamp) as created_at,
        cast(null as timestamp) as changed_at,
        false as is_archived,
        first_landings.first_landed_at,
        newest.is_attribute_current_fallback,
        cast(newest._observed_at as timestamp) as _observed_at,
        newest._dlt_load_id
    from newest
    inner join first_landings
        on newest.source_instance = first_landings.source_instance
        and newest.customer_id = first_landings.customer_id
)

select * from final
