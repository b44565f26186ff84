-- grain: own account x day of the brand's time zone
with turns as (
    select
        account_key,
        inbound_on,
        response_hours,
        is_answered,
        case when is_answered then response_hours else watched_hours end as followed_hours,
        watched_hours
    from {{ ref('int_response_turns') }}
),

daily_turns as (
    select
        account_key,
        inbound_on,
        cast(count(*) as bigint) as turns_count,
        cast(count(case when watched_hours >= 1 then 1 end) as bigint) as turns_eligible_1h_count,
        cast(count(case when watched_hours >= 1 and response_hours <= 1 then 1 end) as bigint)
            as turns_answered_1h_count,
        cast(count(case when watched_hours >= 24 then 1 end) as bigint) as turns_eligible_24h_count,
        cast(count(case when watched_hours >= 24 and response_hours <= 24 then 1 end) as bigint)
            as turns_answered_24h_count,
        cast(count(case when is_answered then 1 end) as bigint) as turns_answered_count,
        cast(count(case when not is_answered then 1 end) as bigint) as turns_censored_count,
        {{ sum_exact('response_hours') }} as response_hours_sum
    from turns
    group by account_key, inbound_on
),

moments as (
    select
        account_key,
        inbound_on,
        followed_hours,
        cast(count(case when is_answered then 1 end) as bigint) as answers,
        cast(count(*) as bigint) as leavers
    from turns
    group by account_key, inbound_on, followed_hours
),

at_risk as (
    select
        account_key,
        inbound_on,
        followed_hours,
        answers,
        cast(sum(leavers) over (
            partition by account_key, inbound_on
            order by followed_hours desc
            rows between unbounded preceding and current row
        ) as bigint) as turns_at_risk
    from moments
),

-- Kaplan-Meier: the product of (1 - answers / at risk) as a sum of logarithms; -1000 stands for the logarithm of 0.
survival as (
    select
        account_key,
        inbound_on,
        followed_hours,
        sum(
            case when answers = turns_at_risk then -1000 else ln(1 - answers / cast(turns_at_risk as double)) end
        ) over (
            partition by account_key, inbound_on
            order by followed_hours
            rows between unbounded preceding and current row
        ) as log_share_unanswered
    from at_risk
),

medians as (
    select
        account_key,
        inbound_on,
        min(followed_hours) as response_hours_median
    from survival
    -- A hair above one half, for the rounding of the logarithms.
    where exp(log_share_unanswered) <= 0.5000000001
    group by account_key, inbound_on
),

daily_messages as (
    select
        account_key,
        cast({{ utc_to_local('posted_at', 'timezone') }} as date) as inbound_on,
        cast(count(*) as bigint) as messages_inbound_count
    from {{ ref('int_messages_threaded') }}
    where direction = 'inbound'
    group by account_key, inbound_on
),

spans as (
    select
        daily_turns.account_key,
        min(daily_turns.inbound_on) as first_day,
        min(coalesce(clocks.running_day, run.as_of)) as last_day
    from daily_turns
    inner join {{ ref('int_accounts_assigned') }} as accounts on daily_turns.account_key = accounts.account_key
    cross join {{ ref('stg_config__run') }} as run
    left join {{ ref('int_brand_clocks') }} as clocks on accounts.brand_id = clocks.brand_id
    group by daily_turns.account_key
),

days as (
    select
        account_key,
        {{ spine_days('first_day', 'last_day') }} as inbound_on
    from spans
),

final as (
    select
        accounts.account_key,
        accounts.brand_id,
        accounts.source_instance,
        accounts.network,
        brands.brand_name,
        accounts.username,
        days.inbound_on,
        {{ local_to_utc(date_plus('days.inbound_on', 1), 'accounts.timezone') }}
        <= coalesce(clocks.visible_until, run.as_of_at) as is_day_over,
        coalesce(daily_messages.messages_inbound_count, 0) as messages_inbound_count,
        {%- for count in [
            'turns_count', 'turns_eligible_1h_count', 'turns_answered_1h_count', 'turns_eligible_24h_count',
            'turns_answered_24h_count', 'turns_answered_count', 'turns_censored_count',
        ] %}
        coalesce(daily_turns.{{ count }}, 0) as {{ count }},
        {%- endfor %}
        daily_turns.response_hours_sum,
        medians.response_hours_median,
        run.as_of
    from days
    inner join {{ ref('int_accounts_assigned') }} as accounts on days.account_key = accounts.account_key
    cross join {{ ref('stg_config__run') }} as run
    left join {{ ref('int_brand_clocks') }} as clocks on accounts.brand_id = clocks.brand_id
    left join {{ ref('stg_config__brands') }} as brands on accounts.brand_id = brands.brand_id
    left join daily_turns on days.account_key = daily_turns.account_key and days.inbound_on = daily_turns.inbound_on
    left join daily_messages
        on days.account_key = daily_messages.account_key and days.inbound_on = daily_messages.inbound_on
    left join medians on days.account_key = medians.account_key and days.inbound_on = medians.inbound_on
)

select * from final
