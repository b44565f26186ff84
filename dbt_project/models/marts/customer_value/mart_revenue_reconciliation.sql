-- grain: source instance x day x currency
{% set causes = ['test', 'cancelled', 'not_revenue', 'lines', 'currency', 'refund_timing'] %}
with sides as (
    select
        brand_id,
        source_instance,
        source_kind,
        is_delivery,
        control_day as day,
        currency,
        control_amount,
        cast(0 as decimal(18, 4)) as warehouse_amount,
        cast(0 as decimal(18, 4)) as warehouse_amount_reporting,
        cast(case when entry_type = 'order' then warehouse_amount else 0 end as decimal(18, 4)) as moved_orders,
        cast(case when entry_type <> 'order' then warehouse_amount else 0 end as decimal(18, 4)) as moved_refunds,
        {% for cause in causes -%}
        cast(
            case
                when cause = '{{ cause }}' then control_amount - warehouse_amount - exchange_amount
                else 0
            end as decimal(18, 4)
        ) as {{ cause }}_amount,
        {% endfor -%}
        exchange_amount,
        tax_amount,
        is_rate_missing,
        records_count
    from {{ ref('int_revenue_entries') }}
    union all
    select
        brand_id,
        source_instance,
        source_kind,
        is_delivery,
        warehouse_day as day,
        currency,
        cast(0 as decimal(18, 4)) as control_amount,
        warehouse_amount,
        warehouse_amount_reporting,
        cast(case when entry_type = 'order' then -warehouse_amount else 0 end as decimal(18, 4)) as moved_orders,
        cast(case when entry_type <> 'order' then -warehouse_amount else 0 end as decimal(18, 4)) as moved_refunds,
        {% for cause in causes -%}
        cast(0 as decimal(18, 4)) as {{ cause }}_amount,
        {% endfor -%}
        cast(0 as decimal(18, 4)) as exchange_amount,
        cast(0 as decimal(18, 4)) as tax_amount,
        is_rate_missing,
        cast(0 as bigint) as records_count
    from {{ ref('int_revenue_entries') }}
),

landed as (
    select
        brand_id,
        source_instance,
        source_kind,
        is_delivery,
        day,
        currency,
        cast(sum(control_amount) as decimal(18, 4)) as landed_total,
        cast(sum(warehouse_amount) as decimal(18, 4)) as warehouse_total,
        cast(sum(warehouse_amount_reporting) as decimal(18, 4)) as warehouse_total_reporting,
        cast(sum(moved_orders) as decimal(18, 4)) as order_timing_difference,
        cast(sum(moved_refunds) as decimal(18, 4)) as moved_refunds,
        {% for cause in causes -%}
        cast(sum({{ cause }}_amount) as decimal(18, 4)) as {{ cause }}_amount,
        {% endfor -%}
        cast(sum(exchange_amount) as decimal(18, 4)) as exchange_amount,
        cast(sum(tax_amount) as decimal(18, 4)) as tax_amount,
        bool_or(is_rate_missing) as is_rate_missing,
        cast(sum(records_count) as bigint) as records_count
    from sides
    group by brand_id, source_instance, source_kind, is_delivery, day, currency
),

-- A shop east of its brand has begun a day that the brand has not.
landed_days as (
    select
        source_instance,
        max(day) as last_day
    from landed
    group by source_instance
),

known_days as (
    select
        brand_id,
        source_instance,
        source_kind,
        is_delivery,
        day,
        currency
    from landed
    union
    select
        brand_id,
        source_instance,
        source_kind,
        is_delivery,
        day,
        currency
    from {{ ref('int_control_totals_visible') }}
),

spans as (
    select
        known_days.brand_id,
        known_days.source_instance,
        known_days.source_kind,
        known_days.is_delivery,
        known_days.currency,
        min(known_days.day) as first_day,
        greatest(max(clocks.last_day), max(landed_days.last_day)) as last_day
    from known_days
    inner join {{ ref('int_brand_clocks') }} as clocks
        on known_days.brand_id = clocks.brand_id
    left join landed_days
        on known_days.source_instance = landed_days.source_instance
    group by
        known_days.brand_id,
        known_days.source_instance,
        known_days.source_kind,
        known_days.is_delivery,
        known_days.currency
),

spine as (
    select
        brand_id,
        source_instance,
        source_kind,
        is_delivery,
        currency,
        {{ spine_days('first_day', 'last_day') }} as day
    from spans
    union all
    select
        brand_id,
        source_instance,
        source_kind,
        is_delivery,
        currency,
        day
    from known_days
    where day is null
),

mended as (
    select
        source_instance,
        table_name,
        record_key,
        max(_dlt_load_id) as _dlt_load_id
    from {{ ref('stg_landing__mended') }}
    group by source_instance, table_name, record_key
),

-- How many records in quarantine still lack a good version.
quarantined as (
    select
        quarantine.source_instance,
        cast(count(*) as bigint) as records_count,
        cast(
            count(distinct case when quarantine.table_name = 'orders' then quarantine.record_key end)
            + count(case when quarantine.table_name = 'orders' and quarantine.record_key is null then 1 end) as bigint
        ) as orders_count
    from {{ ref('stg_landing__quarantine') }} as quarantine
    left join {{ ref('stg_landing__files') }} as files
        on quarantine.source_instance = files.source_instance
        and quarantine.source_file = files._source_file
        and quarantine.table_name = files.table_name
        and quarantine._dlt_load_id = files._dlt_load_id
    left join mended
        on quarantine.source_instance = mended.source_instance
        and quarantine.table_name = mended.table_name
        and quarantine.record_key = mended.record_key
        and quarantine._dlt_load_id < mended._dlt_load_id
    where
        quarantine.table_name in ('orders', 'order_lines', 'refunds')
        and (quarantine.source_file is null or files._source_file is not null)
        and mended.record_key is null
    group by quarantine.source_instance
),

-- A file's records are in quarantine or restated by a newer file if they are missing: both readers count the same.
files_read as (
    select
        source_instance,
        cast(sum(records_read) as bigint) as records_read
    from {{ ref('stg_landing__files') }}
    where table_name in ('orders', 'order_lines', 'refunds')
    group by source_instance
),

files_stated as (
    select
        source_instance,
        cast(sum(records_count) as bigint) as records_stated
    from {{ ref('int_control_totals') }}
    where total_of <> 'sales'
    group by source_instance
),

compared as (
    select
        spine.brand_id,
        spine.source_instance,
        spine.source_kind,
        spine.is_delivery,
        spine.day,
        spine.currency,
        case
            when spine.is_delivery then coalesce(totals.control_total, 0)
            else totals.control_total
        end as control_total,
        coalesce(landed.landed_total, 0) as landed_total,
        coalesce(landed.warehouse_total, 0) as warehouse_total,
        coalesce(landed.warehouse_total_reporting, 0) as warehouse_total_reporting,
        {% for cause in causes -%}
        coalesce(landed.{{ cause }}_amount, 0) as {{ cause }}_amount,
        {% endfor -%}
        coalesce(landed.order_timing_difference, 0) as order_timing_difference,
        coalesce(landed.moved_refunds, 0) as moved_refunds,
        coalesce(landed.exchange_amount, 0) as exchange_amount,
        coalesce(landed.tax_amount, 0) as tax_amount,
        coalesce(landed.is_rate_missing, false) as is_rate_missing,
        greatest(coalesce(totals.records_count, 0) - coalesce(landed.records_count, 0), 0) as missing_records_count,
        coalesce(
            greatest(
                {{ local_to_utc(date_plus('spine.day', 1), 'clocks.timezone') }},
                {{ local_to_utc(date_plus('spine.day', 1), 'coalesce(sources.timezone, clocks.timezone)') }}
            ) <= clocks.visible_until, true
        ) as is_complete,
        clocks.as_of
    from spine
    inner join {{ ref('int_brand_clocks') }} as clocks
        on spine.brand_id = clocks.brand_id
    left join {{ ref('stg_config__sources') }} as sources
        on spine.source_instance = sources.source_instance
    left join {{ ref('int_control_totals_visible') }} as totals
        on spine.source_instance = totals.source_instance
        and spine.currency = totals.currency
        and spine.day is not distinct from totals.day
    left join landed
        on spine.source_instance = landed.source_instance
        and spine.currency = landed.currency
        and spine.day is not distinct from landed.day
),

remainders as (
    select
        compared.brand_id,
        compared.source_instance,
        compared.source_kind,
        compared.is_delivery,
        compared.day,
        compared.currency,
        compared.control_total,
        compared.landed_total,
        compared.warehouse_total,
        compared.warehouse_total_reporting,
        {% for cause in causes -%}
        compared.{{ cause }}_amount,
        {% endfor -%}
        compared.order_timing_difference,
        compared.moved_refunds,
        compared.exchange_amount,
        compared.tax_amount,
        compared.is_rate_missing,
        compared.missing_records_count,
        compared.is_complete,
        compared.as_of,
        compared.control_total - compared.landed_total as remainder,
        count(
            case when compared.is_complete and abs(compared.control_total - compared.landed_total) > 0.01 then 1 end
        ) over (partition by compared.source_instance) as remainder_days,
        sum(
            case
                when compared.is_complete and abs(compared.control_total - compared.landed_total) > 0.01
                    then compared.missing_records_count
            end
        ) over (partition by compared.source_instance) as remainder_records_count
    from compared
),

attributed as (
    select
        remainders.brand_id,
        remainders.source_instance,
        remainders.source_kind,
        remainders.is_delivery,
        remainders.day,
        remainders.currency,
        remainders.control_total,
        remainders.landed_total,
        remainders.warehouse_total,
        remainders.warehouse_total_reporting,
        {% for cause in causes -%}
        remainders.{{ cause }}_amount,
        {% endfor -%}
        remainders.order_timing_difference,
        remainders.moved_refunds,
        remainders.exchange_amount,
        remainders.tax_amount,
        remainders.is_rate_missing,
        remainders.is_complete,
        remainders.as_of,
        remainders.remainder,
        case
            when abs(remainders.remainder) <= 0.01 then 'none'
            when remainders.tax_amount <> 0 and abs(remainders.remainder - remainders.tax_amount) <= 0.01 then 'tax'
            when remainders.is_rate_missing then 'currency'
            when
                remainders.is_delivery
                and (remainders.missing_records_count > 0 or remainders.day is null)
                and files_stated.records_stated <= files_read.records_read
                then 'quarantined'
            -- A quarantined order or refund touches its own day and the day it was taken back, and no more; it stands
            -- for one order of those that the report counts and that are not here.
            when
                not remainders.is_delivery
                and remainders.remainder_days <= 2 * quarantined.records_count
                and coalesce(remainders.remainder_records_count, 0) <= quarantined.orders_count
                then 'quarantined'
            else 'none'
        end as remainder_cause
    from remainders
    left join quarantined
        on remainders.source_instance = quarantined.source_instance
    left join files_read
        on remainders.source_instance = files_read.source_instance
    left join files_stated
        on remainders.source_instance = files_stated.source_instance
),

final as (
    select
        attributed.brand_id,
        attributed.source_instance,
        attributed.source_kind,
        attributed.day,
        attributed.currency,
        cast(attributed.control_total as decimal(18, 4)) as control_total,
        cast(attributed.warehouse_total as decimal(18, 4)) as warehouse_total,
        cast(attributed.warehouse_total_reporting as decimal(18, 4)) as warehouse_total_reporting,
        cast(attributed.control_total - attributed.warehouse_total as decimal(18, 4)) as difference,
        cast(
            case when attributed.remainder_cause = 'quarantined' then attributed.remainder else 0 end as decimal(18, 4)
        ) as quarantined_difference,
        cast(attributed.test_amount as decimal(18, 4)) as test_difference,
        cast(attributed.cancelled_amount as decimal(18, 4)) as cancelled_difference,
        cast(attributed.not_revenue_amount as decimal(18, 4)) as not_revenue_difference,
        cast(attributed.lines_amount as decimal(18, 4)) as lines_difference,
        cast(
            case when attributed.remainder_cause = 'tax' then attributed.remainder else 0 end as decimal(18, 4)
        ) as tax_difference,
        cast(
            attributed.currency_amount
            + case when attributed.remainder_cause = 'currency' then attributed.remainder else 0 end as decimal(18, 4)
        ) as currency_difference,
        cast(attributed.exchange_amount as decimal(18, 4)) as exchange_difference,
        cast(attributed.order_timing_difference as decimal(18, 4)) as order_timing_difference,
        cast(attributed.moved_refunds + attributed.refund_timing_amount as decimal(18, 4)) as refund_timing_difference,
        -- Without a control total the remainder is unknown, and so is this.
        cast(
            case
                when attributed.control_total is null or attributed.remainder_cause = 'none' then attributed.remainder
                else 0
            end as decimal(18, 4)
        ) as unexplained_difference,
        attributed.is_complete,
        attributed.as_of
    from attributed
)

select * from final
