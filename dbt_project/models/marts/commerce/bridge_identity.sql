-- grain: source record of a person, or a social handle of a person
with records as (
    select
        brand_id,
        source_instance,
        record_type,
        source_id,
        customer_key,
        own_customer_key,
        person_token,
        rule,
        evidence,
        valid_from,
        valid_to
    from {{ ref('int_person_identities') }}
    union all
    select
        brand_id,
        source_instance,
        'handle' as record_type,
        handle_token as source_id,
        customer_key,
        cast(null as string) as own_customer_key,
        handle_token as person_token,
        'handle_of_record' as rule,
        evidence,
        valid_from,
        valid_to
    from {{ ref('int_person_handles') }}
),

final as (
    select
        {{ surrogate_key(['brand_id', 'source_instance', 'record_type', 'source_id']) }} as identity_key,
        brand_id,
        source_instance,
        record_type,
        source_id,
        customer_key,
        own_customer_key,
        person_token,
        rule,
        evidence,
        valid_from,
        valid_to,
        {{ run_setting('as_of') }} as as_of
    from records
)

select * from final
