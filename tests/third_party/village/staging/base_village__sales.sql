-- grain: source instance x sale, its newest version
with newest as (
    {{ newest_version(source('village', 'sales'), ['source_instance', 'sale_id']) }}
)

select * from newest
