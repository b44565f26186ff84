-- Versions of one figure's definition that hold at the same moment: a reading would have two totals.
select
    earlier.network,
    earlier.metric,
    earlier.definition_version,
    later.definition_version as other_version
from {{ ref('int_metric_definitions') }} as earlier
inner join {{ ref('int_metric_definitions') }} as later
    on earlier.network = later.network
    and earlier.metric = later.metric
    and earlier.definition_version < later.definition_version
where
    (earlier.valid_from is null or later.valid_to is null or earlier.valid_from < later.valid_to)
    and (later.valid_from is null or earlier.valid_to is null or later.valid_from < earlier.valid_to)
