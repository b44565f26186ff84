-- grain: network x object type x network's metric x ownership scope x source instance x begin of validity
with observations as (
    select
        source_instance,
        object_type,
        metric as network_metric,
        status,
        reason,
        observed_at,
        lag(status) over (
            partition by source_instance, object_type, metric
            order by observed_at
        ) as previous_status
    from {{ ref('stg_instagram__metric_status') }}
    where observed_at < {{ run_setting('as_of_at') }}
),

changes as (
    select
        source_instance,
        object_type,
        network_metric,
        status,
        reason,
        observed_at as valid_from,
        lead(observed_at) over (
            partition by source_instance, object_type, network_metric
            order by observed_at
        ) as valid_to
    from observations
    where previous_status is null or status != previous_status
),

statuses as (
    select
        'instagram' as network,
        changes.object_type,
        coalesce(names.metric, changes.network_metric) as metric,
        changes.network_metric,
        'own' as ownership_scope,
        changes.source_instance,
        changes.status,
        changes.reason,
        'observed' as evidence,
        changes.valid_from,
        changes.valid_to
    from changes
    left join {{ ref('metric_names') }} as names
        on names.network = 'instagram'
        and changes.network_metric = names.network_metric
        and names.object_level = case when changes.object_type = 'ACCOUNT' then 'account' else 'post' end
    union all
    select
        network,
        object_type,
        metric,
        network_metric,
        ownership_scope,
        cast(null as string) as source_instance,
        status,
        reason,
        'documented' as evidence,
        cast(null as timestamp) as valid_from,
        cast(null as timestamp) as valid_to
    from {{ ref('metric_availability') }}
),

final as (
    select
        {{ surrogate_key([
            'network', 'object_type', 'metric', 'network_metric', 'ownership_scope', 'source_instance', 'valid_from',
        ]) }} as availability_key,
        network,
        object_type,
        metric,
        network_metric,
        ownership_scope,
        source_instance,
        status,
        reason,
        evidence,
        valid_from,
        valid_to,
        {{ run_setting('as_of') }} as as_of
    from statuses
)

select * from final
