-- grain: brand x month x definition x segment_type x segment
{#- Who could lapse in a month: who would have without an order in it. What the model would have said is unknown. -#}
{% set silence_at_end = days_between('lag(last_order_on) over customer_by_month', 'as_of_day') %}
{% set could_lapse = {
    'is_active_by_period': silence_at_end ~ ' > silence_days',
    'is_active_by_own_gap': silence_at_end ~ ' > gap_multiple * lag(usual_gap_days) over customer_by_month',
    'is_active_by_probability': 'cast(null as boolean)',
} %}
{% set definitions = [
    ('no_order_in_period', 'is_active_by_period', "'No order in ' || cast(run.silence_days as string) || ' days'"),
    ('silence_over_own_gap', 'is_active_by_own_gap',
     "'Silent for over ' || cast(cast(run.gap_multiple as decimal(9, 1)) as string) || ' times the own usual gap'"),
    ('low_purchase_probability', 'is_active_by_probability',
     "'Probability of a purchase in ' || cast(run.attrition_horizon_days as string) || ' days below '
      || cast(cast(100 * run.probability_threshold as integer) as string) || ' %'"),
] %}
with run as (
    select
        as_of,
        silence_days,
        gap_multiple,
        attrition_horizon_days,
        probability_threshold
    from {{ ref('stg_config__run') }}
),

ends as (
    select
        months.brand_id,
        months.customer_key,
        months.month,
        months.as_of_day,
        months.has_begun,
        months.is_complete,
        min(months.first_order_on) over (partition by months.brand_id) as history_begins_on,
        months.last_order_on,
        months.usual_gap_days,
        run.silence_days,
        run.gap_multiple,
        customers.country_code,
        customers.acquisition_channel,
        months.value_band,
        months.net_revenue_365_days,
        months.is_active_by_period,
        months.is_active_by_own_gap,
        1 - expectations.probability_no_purchase >= run.probability_threshold as is_active_by_probability
    from {{ ref('int_customer_months') }} as months
    inner join {{ ref('int_customers') }} as customers
        on months.customer_key = customers.customer_key
    left join {{ ref('stg_models__customer_values') }} as expectations
        on months.customer_key = expectations.customer_key
        and months.as_of_day = expectations.as_of
    cross join run
),

-- A month begins as the one before it ended; whoever came during the month was not there when it began.
starts_and_ends as (
    select
        brand_id,
        month,
        has_begun,
        is_complete,
        {{ days_between('history_begins_on', 'as_of_day') }} as history_days,
        silence_days,
        country_code,
        acquisition_channel,
        lag(value_band) over customer_by_month as value_band,
        lag(net_revenue_365_days) over customer_by_month as net_revenue_365_days,
        {% for name, column, label in definitions -%}
        {{ column }} as {{ column }}_at_end,
        lag({{ column }}) over customer_by_month as {{ column }}_at_start,
        {{ could_lapse[column] }} as {{ column }}_could_lapse,
        {% endfor -%}
        lag(month) over customer_by_month is not null as was_known_at_start
    from ends
    window customer_by_month as (partition by customer_key order by month)
),

judged as (
    {% for name, column, label in definitions -%}
    select
        brand_id,
        month,
        is_complete,
        '{{ name }}' as definition,
        country_code,
        acquisition_channel,
        value_band,
        net_revenue_365_days,
        {{ column }}_at_start as is_at_start,
        {{ column }}_at_start and not {{ column }}_at_end as is_lost,
        -- A new order can shorten the usual gap so far that a customer is lost who did not look like it.
        {{ column }}_at_start and ({{ column }}_could_lapse or not {{ column }}_at_end) as is_at_risk,
        {{ 'history_days > silence_days' if column == 'is_active_by_period' else 'true' }} as is_loss_visible
    from starts_and_ends
    where has_begun and was_known_at_start and {{ column }}_at_start is not null and {{ column }}_at_end is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

segmented as (
    {{ segments_of('judged', [
        'brand_id', 'month', 'is_complete', 'definition', 'is_loss_visible', 'net_revenue_365_days', 'is_at_start',
        'is_at_risk', 'is_lost'
    ]) }}
),

counted as (
    select
        brand_id,
        month,
        definition,
        segment_type,
        segment,
        is_complete,
        is_loss_visible,
        cast(count(case when is_at_start then 1 end) as bigint) as customers_at_start,
        cast(
            case when definition <> 'low_purchase_probability' then count(case when is_at_risk then 1 end) end as bigint
        ) as customers_at_risk,
        cast(count(case when is_lost then 1 end) as bigint) as customers_lost,
        cast(sum(case when is_at_start then net_revenue_365_days else 0 end) as decimal(18, 4)) as revenue_at_start,
        cast(sum(case when is_lost then net_revenue_365_days else 0 end) as decimal(18, 4)) as revenue_lost
    from segmented
    group by brand_id, month, definition, segment_type, segment, is_complete, is_loss_visible
),

final as (
    select
        counted.brand_id,
        counted.month,
        counted.definition,
        case counted.definition
            {% for name, column, label in definitions -%}
            when '{{ name }}' then {{ label }}
            {% endfor %}
        end as definition_label,
        counted.segment_type,
        counted.segment,
        counted.customers_at_start,
        counted.customers_lost,
        case
            when counted.is_loss_visible then {{ safe_ratio('counted.customers_lost', 'counted.customers_at_start') }}
        end as attrition_rate,
        case
            when counted.is_loss_visible
                then {{ wilson_bound('counted.customers_lost', 'counted.customers_at_start', 'low') }}
        end as attrition_rate_low,
        case
            when counted.is_loss_visible
                then {{ wilson_bound('counted.customers_lost', 'counted.customers_at_start', 'high') }}
        end as attrition_rate_high,
        counted.customers_at_risk,
        {{ safe_ratio('counted.customers_lost', 'counted.customers_at_risk') }} as attrition_rate_at_risk,
        counted.revenue_at_start,
        counted.revenue_lost,
        counted.is_loss_visible,
        counted.is_complete,
        run.as_of
    from counted
    cross join run
)

select * from final
