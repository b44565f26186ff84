-- grain: source instance x customer, as the newest file that has it said as of the run, else as the newest says
with file_rows as (
    {{ newest_file_rows(source('file_drop', 'customers'), as_known=true) }}
),

newest as (
    {{ newest_version('file_rows', ['source_instance', 'customer_id'], ['_source_file', '_record_number']) }}
),

final as (
    select
        brand_id,
        source_instance,
        customer_id,
        email_token,
        phone_token,
        handle_token,
        country_code,
        acquisition_channel,
        marketing_consent,
        cast(created_at as timestamp) as created_at,
        _source_file,
        _record_number,
        cast(_observed_at as timestamp) as _observed_at,
        _dlt_load_id,
        is_attribute_current_fallback
    from newest
)

select * from final
