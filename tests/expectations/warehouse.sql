-- A warehouse of which every check thinks well: one brand, two posts, three orders of two customers. Only columns that checks read.
create schema staging;
create schema intermediate;
create schema marts;
create schema finance;

create table staging.stg_config__run as
select date '2026-06-30' as as_of, timestamp '2026-06-30 22:00:00.000001' as as_of_at, 48.0 as freshness_hours,
    false as is_past;
create table staging.stg_config__accounts as select 'aurora' as brand_id, 'instagram' as network, '17' as account_id;
create table staging.stg_config__competitors as select 'aurora' as brand_id, 'borealis' as competitor_brand_id;
create table intermediate.int_orders as
select *, 'aurora' as brand_id from (values
    ('1', timestamp '2026-04-10 09:00'), ('2', timestamp '2026-05-10 09:00'), ('3', timestamp '2026-05-20 09:00')
) as orders (order_id, ordered_at);
create table intermediate.int_brand_clocks as
select 'aurora' as brand_id, timestamp '2026-06-30 22:00:00' as visible_until;
create table intermediate.int_posts as
select *, 'instagram' as network, '' as id_scope, '17' as account_id
from (values ('p1', timestamp '2026-06-01 08:00'), ('p2', timestamp '2026-06-20 08:00')) as posts (post_id, posted_at);
create table staging.stg_models__customer_values as select 'ann' as customer_key;
create table staging.stg_models__value_backtests as select 'bg_nbd' as forecaster;

create table intermediate.int_orders_priced as
select * from (values
    ('1', 'aurora', 'shop', 'c1', 'ann', timestamp '2026-04-10 09:00', true, 100.00),
    ('2', 'aurora', 'shop', 'c1', 'ann', timestamp '2026-05-10 09:00', true, 60.00),
    ('3', 'aurora', 'shop', 'c2', 'bob', timestamp '2026-05-20 09:00', true, 40.00)
) as orders (order_key, brand_id, source_instance, customer_id, customer_key, ordered_at, is_revenue_order, net_amount_reporting);
create table intermediate.int_order_line_sums as select order_key from intermediate.int_orders_priced;
create table intermediate.int_order_lines_priced as select order_key from intermediate.int_orders_priced;
create table intermediate.int_refunds_priced as
select 'r1' as refund_key, 'aurora' as brand_id, timestamp '2026-05-12 10:00' as refunded_at, date '2026-05-12' as refunded_on, date '2026-05-10' as ordered_on,
    true as is_order_known;
create table intermediate.int_customers as
select customer_key, date '2026-06-01' as acquired_on from (values ('ann'), ('bob')) as customers (customer_key);
create table intermediate.int_customer_order_days as
select customer_key, net_amount_reporting::double as net_revenue from intermediate.int_orders_priced;
create table intermediate.int_customer_months as
select *, true as has_begun from (values ('ann', 0), ('ann', 1)) as months (customer_key, age_months);
create table intermediate.int_person_records as
select * from (values ('k1', 'customer'), ('k2', 'customer'), ('k3', 'contact'), ('k4', 'guest_order')) as records (record_key, record_type);
create table intermediate.int_person_identities as
select record_key, record_type, case record_key when 'k2' then 'bob' else 'ann' end as customer_key
from intermediate.int_person_records;
create table intermediate.int_person_handles as select 'h1' as handle_token;
create table intermediate.int_accounts_assigned as
select 'acc' as account_key, 'aurora' as brand_id, 'instagram' as network, '' as id_scope, '17' as account_id;
create table intermediate.int_posts_merged as
select post_id as post_key, network, id_scope, post_id, posted_at, null::timestamp as deleted_at
from intermediate.int_posts;
create table intermediate.int_post_readings_totalled as
select *, 'aurora' as brand_id from (values
    ('p1', timestamp '2026-06-02 08:00', 24.0, 900, 500, 90),
    ('p1', timestamp '2026-06-08 08:00', 168.0, 1200, 700, 100),
    ('p2', timestamp '2026-06-21 08:00', 24.0, 800, 400, 80)
) as readings (post_key, observed_at, post_age_hours, impressions, reach, reactions);
create table intermediate.int_account_readings_deduplicated as
select 'acc' as account_key, 'aurora' as brand_id, 'api' as reading_source, observed_at, followers_count
from (values (timestamp '2026-06-29 21:00', 5000), (timestamp '2026-06-30 21:00', 5100)) as readings (observed_at, followers_count);
create table intermediate.int_account_windows_deduplicated as
select 'acc' as account_key, 'api' as reading_source, date '2026-06-29' as window_end, 700 as reach, 1200 as impressions;
create table intermediate.int_account_followers_daily as select 'acc' as account_key;
create table intermediate.int_messages_threaded as
select * from (values
    ('m1', null, 'p1', timestamp '2026-06-01 09:00'), ('m2', 'm1', 'p1', timestamp '2026-06-01 10:00')
) as messages (message_key, parent_message_key, post_key, posted_at);
create table intermediate.int_response_turns as select 't1' as turn_key;
create table intermediate.int_control_totals_visible as select date '2026-05-10' as day;
create table intermediate.int_fx_rates as
select * from (values ('USD', date '2026-06-29', 1.10::double), ('USD', date '2026-06-30', 1.11)) as rates (currency, rate_on, units_per_reporting);

create table marts.dim_account as select account_key, network, id_scope, account_id, date '2026-06-30' as as_of from intermediate.int_accounts_assigned;
create table marts.dim_customer as select customer_key, date '2026-06-30' as as_of from intermediate.int_customers;
create table marts.dim_post as select post_key, date '2026-06-30' as as_of from intermediate.int_posts_merged;
create table marts.bridge_identity as
select *, date '2026-06-30' as as_of
from (
    select record_key from intermediate.int_person_identities
    union all
    select handle_token from intermediate.int_person_handles
) as records;
create table marts.fct_account_snapshot as select account_key, date '2026-06-30' as as_of from intermediate.int_account_readings_deduplicated;
create table marts.fct_post_snapshot as select post_key, date '2026-06-30' as as_of from intermediate.int_post_readings_totalled;
create table marts.fct_message as select message_key, date '2026-06-30' as as_of from intermediate.int_messages_threaded;
create table marts.fct_order as
select order_key, brand_id, source_instance, customer_key, ordered_at::date as ordered_on, is_revenue_order, net_amount_reporting,
    net_amount_reporting::double as net_revenue, case order_key when '2' then 20.00 else 0.00 end as refunded_amount_reporting,
    1 as lines_count, date '2026-06-30' as as_of
from intermediate.int_orders_priced;
create table marts.fct_order_line as select order_key, date '2026-06-30' as as_of from intermediate.int_orders_priced;
create table marts.fct_refund as select refund_key, date '2026-06-30' as as_of from intermediate.int_refunds_priced;
create table marts.mart_post_performance as
select post_key, 100 as erf_engagements, 5000 as erf_followers, 120 as err_engagements, 700 as err_reach, 120 as eri_engagements,
    1200 as eri_impressions, 30 as ctr_link_clicks, 1200 as ctr_impressions, date '2026-06-30' as as_of
from marts.dim_post;
create table marts.mart_engagement_daily as
select 25.0 as daily_er_engagements, 5000 as daily_er_followers, date '2026-06-30' as as_of;
create table marts.mart_competitor_benchmark_weekly as
select 'aurora' as benchmark_brand_id, brand_id, 300 as erf_engagements, 5000 as erf_followers, date '2026-06-30' as as_of
from (values ('aurora'), ('borealis')) as brands (brand_id);
create table marts.mart_best_time_to_post as
select 'acc' as account_key, 0.2 as effect, date '2026-06-30' as as_of from range(168);
create table marts.mart_response_daily as select 3.5 as response_hours_median, date '2026-06-30' as as_of;
create table marts.mart_reach as select true as is_reach_within_bounds, date '2026-06-30' as as_of;
create table marts.mart_attrition_monthly as
select 'aurora' as brand_id, date '2026-05-01' as month, 'no_order_in_period' as definition, segment_type, 10 as customers_at_start,
    2 as customers_lost, 0.2 as attrition_rate, 0.06 as attrition_rate_low, 0.51 as attrition_rate_high, date '2026-06-30' as as_of
from (values ('all'), ('country')) as segments (segment_type);
create table marts.mart_retention_cohort as
select 'aurora' as brand_id, date '2026-04-01' as acquisition_month, age_months, 2 as customers_count, retention_rate,
    date '2026-06-30' as as_of
from (values (0, 1.0), (1, 0.5)) as ages (age_months, retention_rate);
create table marts.mart_customer_attrition_risk as
select 'aurora' as brand_id, 0.4 as probability_no_purchase, 0.9 as probability_alive, as_of = date '2026-06-30' as is_current, as_of
from (values (date '2026-05-31'), (date '2026-06-30')) as days (as_of);
create table finance.mart_customer_lifetime_value as
select 'aurora' as brand_id, customer_key, true as is_current, date '2026-06-30' as as_of, 12 as horizon_months, historic_net_revenue,
    1.5 as expected_orders, 70::double as predicted_value, 0::double as predicted_value_low, 150::double as predicted_value_high,
    0.9 as probability_alive
from (values ('ann', 140.00), ('bob', 40.00)) as customers (customer_key, historic_net_revenue);
create table finance.mart_lifetime_value_monthly as
select 'aurora' as brand_id, month, segment_type, opening_net_revenue, closing_net_revenue, as_of
from (values
    (date '2026-04-01', date '2026-04-30', 0.00, 100.00),
    (date '2026-05-01', date '2026-05-31', 100.00, 180.00),
    (date '2026-06-01', date '2026-06-30', 180.00, 180.00)
) as months (month, as_of, opening_net_revenue, closing_net_revenue)
cross join (values ('all'), ('country')) as segments (segment_type);
create table finance.mart_lifetime_value_model as
select 'aurora' as brand_id, date '2026-06-30' as as_of, true as is_current, model_name, parameter, estimate, true as is_eligible
from (values ('bg_nbd', 'r', 0.24), ('gamma_gamma', 'correlation', -0.05), ('refunds', 'share', 0.0)) as parameters (model_name, parameter, estimate);
create table finance.mart_lifetime_value_backtest as
select 'aurora' as brand_id, date '2026-03-31' as cut_off, 90 as horizon_days, forecaster, 'no_purchase' as target, 'brier' as metric,
    0 as decile, value
from (values ('bg_nbd', 0.20), ('recency_rule', 0.22)) as scores (forecaster, value);
create table finance.mart_revenue_reconciliation as
select date '2026-05-10' as day, 60.00 as control_total, 0.00 as unexplained_difference, true as is_complete, date '2026-06-30' as as_of;
