-- grain: source instance x order, as the newest file that has it says; amounts without tax and shipping
with file_rows as (
    {{ newest_file_rows(source('file_drop', 'orders')) }}
),

newest as (
    {{ newest_version('file_rows', ['source_instance', 'order_id'], ['_source_file', '_record_number']) }}
),

first_landings as (
    {{ first_landed(source('file_drop', 'orders'), ['source_instance', 'order_id']) }}
),

line_sums as (
    select
        source_instance,
        order_id,
        cast(count(*) as bigint) as lines_count,
        cast(sum(gross_amount) as decimal(18, 4)) as gross_amount,
        cast(sum(coalesce(discount_amount, 0)) as decimal(18, 4)) as discount_amount,
        cast(sum(tax_amount) as decimal(18, 4)) as tax_amount,
        min(_source_file) as lines_file
    from {{ ref('base_file_drop__order_lines') }}
    group by source_instance, order_id
),

-- Where no order states its amount, the lines are what the files state.
totals as (
    select
        source_instance,
        count(case when entity = 'orders' then net_amount end) = 0 as is_by_lines
    from {{ ref('base_file_drop__control_totals') }}
    group by source_instance
),

dated_files as (
    select
        source_instance,
        _source_file,
        count(day) > 0 as has_days
    from {{ ref('base_file_drop__control_totals') }}
    where entity = 'order_lines'
    group by source_instance, _source_file
),

stated as (
    select
        newest.*,
        coalesce(totals.is_by_lines, false) as is_by_lines,
        not coalesce(totals.is_by_lines, false) or coalesce(dated_files.has_days, true) as has_control_day,
        coalesce(line_sums.lines_count, 0) as lines_count,
        line_sums.tax_amount as lines_tax_amount,
        line_sums.gross_amount - line_sums.discount_amount as lines_net_amount,
        coalesce(newest.gross_amount, line_sums.gross_amount) as full_price_amount,
        -- A file that states no discount gave none; lines that make up the amount have theirs beside the order's own.
        coalesce(case when newest.gross_amount is null then line_sums.discount_amount end, 0)
        + coalesce(newest.discount_amount, 0) as all_discount_amount
    from newest
    left join line_sums
        on newest.source_instance = line_sums.source_instance
        and newest.order_id = line_sums.order_id
    left join totals
        on newest.source_instance = totals.source_instance
    left join dated_files
        on line_sums.source_instance = dated_files.source_instance
        and line_sums.lines_file = dated_files._source_file
),

final as (
    select
        stated.brand_id,
        stated.source_instance,
        cast(2 as bigint) as source_rank,
        'file_drop' as source_kind,
        stated.order_id,
        stated.customer_id,
        cast(null as string) as email_token,
        cast(stated.ordered_at as timestamp) as ordered_at,
        cast(stated.cancelled_at as timestamp) as cancelled_at,
        coalesce(stated.is_test, false) as is_test,
        stated.currency,
        cast(stated.full_price_amount - stated.all_discount_amount as decimal(18, 4)) as stated_amount,
        cast(stated.full_price_amount as decimal(18, 4)) as gross_amount,
        cast(stated.full_price_amount - stated.all_discount_amount as decimal(18, 4)) as net_amount,
        cast(coalesce(stated.tax_amount, stated.lines_tax_amount) as decimal(18, 4)) as tax_amount,
        cast(stated.shipping_amount as decimal(18, 4)) as shipping_amount,
        cast(
            case
                when stated.is_by_lines then coalesce(stated.lines_net_amount, 0)
                else coalesce(stated.gross_amount - coalesce(stated.discount_amount, 0), 0)
            end as decimal(18, 4)
        ) as control_amount,
        stated.has_control_day,
        cast(1 + stated.lines_count as bigint) as control_records_count,
        stated.country_code,
        stated.utm_source,
        stated.utm_campaign,
        first_landings.first_landed_at,
        stated.is_attribute_current_fallback,
        cast(stated._observed_at as timestamp) as _observed_at,
        stated._dlt_load_id
    from stated
    inner join first_landings
        on stated.source_instance = first_landings.source_instance
        and stated.order_id = first_landings.order_id
)

select * from final
