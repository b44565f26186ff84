{#- `as_known`: what was read before the run's moment too, for `newest_version` to choose it over what came later. -#}
{% macro newest_file_rows(relation, as_known=false) -%}
select file_rows.*
from {{ relation }} as file_rows
inner join (
    select
        source_instance,
        _source_file,
        _dlt_load_id,
        row_number() over (
            partition by source_instance, _source_file
                {%- if as_known %}, cast(_observed_at as timestamp) >= {{ run_setting('as_of_at') }}{% endif %}
            order by _observed_at desc, _dlt_load_id desc
        ) as load_rank
    from (
        select distinct
            source_instance,
            _source_file,
            _observed_at,
            _dlt_load_id
        from {{ source('file_drop', 'files') }}
    ) as loads
) as file_loads
    on file_rows.source_instance = file_loads.source_instance
    and file_rows._source_file = file_loads._source_file
    and file_rows._dlt_load_id = file_loads._dlt_load_id
    and file_loads.load_rank = 1
{%- endmacro %}
