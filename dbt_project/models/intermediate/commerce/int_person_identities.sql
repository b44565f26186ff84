-- grain: source record of a person, with the person (customer_key), the rule that found the person and its evidence
-- Every step is a star around one anchor, so no step has to be repeated until it settles; merges alone are followed.
{% set identifiers = ['email', 'phone'] %}
with named as (
    select
        record_key,
        brand_id,
        source_instance,
        record_type,
        source_id,
        survivor_id,
        email_token,
        phone_token,
        handle_token,
        created_at,
        ended_at,
        first_landed_at,
        case when record_type = 'guest_order' then '1' else '0' end
        || '|' || source_instance || '|' || record_type || '|' || source_id as identity
    from {{ ref('int_person_records') }}
),

records as (
    select
        named.*,
        {{ surrogate_key(['named.brand_id', 'named.identity']) }} as own_customer_key,
        row_number() over (
            order by named.first_landed_at, named.created_at nulls last, named.identity
        ) as own_anchor
    from named
),

merged_contacts as (
    select
        merged.own_anchor as merged_anchor,
        survivor.own_anchor as survivor_anchor
    from records as merged
    inner join records as survivor
        on merged.source_instance = survivor.source_instance
        and merged.survivor_id = survivor.source_id
        and survivor.record_type = 'contact'
    where merged.record_type = 'contact'
),

{{ follow_links('merged_contacts', 'merged_anchor', 'survivor_anchor') }},

-- Each record with the one that stands for it: itself, or the contact in which its merges end.
standing as (
    select
        records.record_key,
        records.brand_id,
        records.record_type,
        records.email_token,
        records.phone_token,
        records.own_anchor,
        merged_contacts_followed.node is null as is_head,
        coalesce(survivors.record_key, records.record_key) as head_key,
        survivors.source_id as survivor_id
    from records
    left join merged_contacts_followed
        on records.own_anchor = merged_contacts_followed.node
    left join records as survivors
        on merged_contacts_followed.last_node = survivors.own_anchor
),

{% for identifier in identifiers -%}
crowded_{{ identifier }}s as (
    select
        brand_id,
        {{ identifier }}_token
    from standing
    where {{ identifier }}_token is not null
    group by brand_id, {{ identifier }}_token
    having count(distinct head_key) > {{ maximum_accounts() }}
),

{% endfor -%}

identified as (
    select
        standing.record_key,
        standing.brand_id,
        standing.record_type,
        standing.own_anchor,
        standing.is_head,
        standing.head_key,
        standing.survivor_id,
        case when crowded_emails.brand_id is null then standing.email_token end as email_token,
        case when crowded_phones.brand_id is null then standing.phone_token end as phone_token
    from standing
    {% for identifier in identifiers -%}
    left join crowded_{{ identifier }}s
        on standing.brand_id = crowded_{{ identifier }}s.brand_id
        and standing.{{ identifier }}_token = crowded_{{ identifier }}s.{{ identifier }}_token
    {% endfor -%}
    where standing.record_type <> 'guest_order' or crowded_emails.brand_id is null
),

heads as (
    select
        record_key,
        brand_id,
        record_type,
        email_token,
        phone_token,
        own_anchor
    from identified
    where is_head
),

survivors as (
    select
        identified.record_key,
        identified.brand_id,
        identified.email_token,
        identified.head_key as survivor_key,
        identified.survivor_id,
        heads.email_token as survivor_email_token
    from identified
    inner join heads
        on identified.head_key = heads.record_key
    where not identified.is_head
),

former_emails as (
    select
        survivors.brand_id,
        survivors.email_token,
        min(survivors.survivor_email_token) as survivor_email_token
    from survivors
    left join heads as holders
        on survivors.brand_id = holders.brand_id
        and survivors.email_token = holders.email_token
        and holders.record_type = 'contact'
    where survivors.email_token is not null and holders.record_key is null
    group by survivors.brand_id, survivors.email_token
    having count(distinct survivors.survivor_email_token) = 1
),

emails as (
    select
        heads.record_key,
        heads.brand_id,
        heads.email_token,
        heads.phone_token,
        heads.own_anchor,
        coalesce(former_emails.survivor_email_token, heads.email_token) as email
    from heads
    left join former_emails
        on heads.brand_id = former_emails.brand_id
        and heads.email_token = former_emails.email_token
),

email_groups as (
    select
        brand_id,
        email,
        min(own_anchor) as anchor,
        count(*) as records_count
    from emails
    where email is not null
    group by brand_id, email
),

by_email as (
    select
        emails.record_key,
        emails.brand_id,
        emails.email_token,
        emails.phone_token,
        emails.own_anchor,
        email_groups.anchor is not null as has_email,
        coalesce(email_groups.records_count, 1) > 1 as is_email_shared,
        coalesce(email_groups.anchor, emails.own_anchor) as email_anchor
    from emails
    left join email_groups
        on emails.brand_id = email_groups.brand_id
        and emails.email = email_groups.email
),

phone_holders as (
    select
        brand_id,
        phone_token,
        min(email_anchor) as anchor,
        count(distinct email_anchor) as persons_count
    from by_email
    where has_email and phone_token is not null
    group by brand_id, phone_token
),

phone_groups as (
    select
        brand_id,
        phone_token,
        min(own_anchor) as anchor,
        count(*) as records_count
    from by_email
    where not has_email and phone_token is not null
    group by brand_id, phone_token
),

by_phone as (
    select
        by_email.record_key,
        by_email.brand_id,
        by_email.email_token,
        by_email.phone_token,
        by_email.is_email_shared,
        not by_email.has_email
        and (
            coalesce(phone_holders.persons_count = 1, false)
            or (phone_holders.persons_count is null and coalesce(phone_groups.records_count > 1, false))
        ) as is_phone_shared,
        case
            when by_email.has_email then by_email.email_anchor
            when phone_holders.persons_count = 1 then phone_holders.anchor
            when phone_holders.persons_count is null then coalesce(phone_groups.anchor, by_email.own_anchor)
            else by_email.own_anchor
        end as anchor
    from by_email
    left join phone_holders
        on by_email.brand_id = phone_holders.brand_id
        and by_email.phone_token = phone_holders.phone_token
    left join phone_groups
        on by_email.brand_id = phone_groups.brand_id
        and by_email.phone_token = phone_groups.phone_token
),

persons as (
    select
        record_key,
        anchor,
        case
            when is_email_shared then 'same_email'
            when is_phone_shared then 'same_phone'
            else 'own_record'
        end as rule,
        case
            when is_email_shared then email_token
            when is_phone_shared then phone_token
        end as evidence
    from by_phone
),

identities as (
    select
        record_key,
        anchor,
        rule,
        evidence
    from persons
    union all
    select
        survivors.record_key,
        persons.anchor,
        'merged_contact' as rule,
        survivors.survivor_id as evidence
    from survivors
    inner join persons
        on survivors.survivor_key = persons.record_key
),

-- A person is called by the record known longest, so that none that turns up, merges or leaves later renames anybody.
eldest as (
    select
        identities.anchor,
        min(records.own_anchor) as own_anchor
    from identities
    inner join records
        on identities.record_key = records.record_key
    group by identities.anchor
),

final as (
    select
        records.record_key,
        records.brand_id,
        records.source_instance,
        records.record_type,
        records.source_id,
        callers.own_customer_key as customer_key,
        records.own_customer_key,
        coalesce(records.email_token, records.phone_token, records.handle_token) as person_token,
        records.handle_token,
        identities.rule,
        identities.evidence,
        records.created_at as valid_from,
        records.ended_at as valid_to
    from identities
    inner join records
        on identities.record_key = records.record_key
    inner join eldest
        on identities.anchor = eldest.anchor
    inner join records as callers
        on eldest.own_anchor = callers.own_anchor
)

select * from final
