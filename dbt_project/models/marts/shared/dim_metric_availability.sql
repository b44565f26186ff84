-- grain: network x object type x network's metric x ownership scope x source instance x begin of validity
with observations as (
    select
        source_instance,
        network,
        id_scope,
        object_type,
        object_level,
        network_metric,
        status,
        reason,
        observed_at,
        lag(status) over (
            partition by source_instance, network, id_scope, object_type, network_metric
            order by observed_at
        ) as previous_status
    from {{ ref('int_metric_status') }}
    where observed_at < {{ run_setting('as_of_at') }}
),

changes as (
    select
        source_instance,
        network,
        id_scope,
        object_type,
        object_level,
        network_metric,
        status,
        reason,
        observed_at as valid_from,
        lead(observed_at) over (
            partition by source_instance, network, id_scope, object_type, network_metric
            order by observed_at
        ) as valid_to
    from observations
    where previous_status is null or status != previous_status
),

statuses as (
    select
        changes.network,
        changes.id_scope,
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
        on changes.network = names.network
        and changes.network_metric = names.network_metric
        and changes.object_level = names.object_level
    union all
    select
        network,
        '' as id_scope,
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
            'network', 'object_type', 'metric', scoped_id('network_metric'), 'ownership_scope', 'source_instance',
            'valid_from',
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
