"""The suites of the marts of orders, persons and what they are worth. Each function returns a new list."""

from __future__ import annotations

from collections.abc import Callable

from great_expectations.expectations.expectation import Expectation

from expectations.custom import between, rows_preserved, verdict, verdict_on_share
from expectations.sql import grouped

RUN = "staging.stg_config__run"
VALUE = "finance.mart_customer_lifetime_value"
BACKTEST = "finance.mart_lifetime_value_backtest"
MONTHLY = "finance.mart_lifetime_value_monthly"


def bridge_identity() -> list[Expectation]:
    """Records of persons."""
    upstream = """
        (
            select record_key from intermediate.int_person_identities
            union all
            select handle_token from intermediate.int_person_handles
        ) as records
    """
    return [rows_preserved("marts.bridge_identity", upstream, "Every record and every handle is one row.")]


def dim_customer() -> list[Expectation]:
    """Persons."""
    return [rows_preserved("marts.dim_customer", "intermediate.int_customers", "Every person is one row.")]


def fct_order() -> list[Expectation]:
    """Orders."""
    table = "marts.fct_order"
    known = f"""
        (
            select orders.customer_key, customers.customer_key as known_key
            from {table} as orders left join marts.dim_customer as customers using (customer_key)
            where orders.customer_key is not null
        ) as orders
    """
    return [
        rows_preserved(table, "intermediate.int_orders_priced", "Every order is one row, whatever its lines."),
        verdict_on_share(
            "customer_known",
            known,
            "orders have a customer that dim_customer lacks",
            "known_key is null",
            "Revenue by customer attribute would be less than revenue.",
            column="customer_key",
        ),
        verdict_on_share(
            "refunds_within_order",
            table,
            "refunded orders gave back more than they brought",
            "refunded_amount_reporting > 1.1 * net_amount_reporting + 0.01",
            "Shops are generous and rates move until the refund, hence a tenth; many count tax, or count twice.",
            max_share=0.02,
            among="refunded_amount_reporting > 0 and net_amount_reporting > 0",
            column="refunded_amount_reporting",
        ),
        _plausible_amount(table),
    ]


def _plausible_amount(table: str) -> Expectation:
    typical = f"""
        (
            select net_revenue, median(net_revenue) over (partition by source_instance) as typical
            from {table} where is_revenue_order
        ) as revenue_orders
    """
    return verdict_on_share(
        "plausible_amount",
        typical,
        "orders are over 1,000 times the source's median order",
        "net_revenue > 1000 * typical",
        "An amount in cents, or in a currency of small units, beside others; a wholesale order may be as large.",
        severity="warning",
        column="net_revenue",
    )


def fct_order_line() -> list[Expectation]:
    """Order lines."""
    query = f"""
        select
            {grouped("here")} || ' lines of known orders, which count ' || {grouped("there")} as observed,
            here = there as is_met
        from (
            select
                (
                    select count(*) from marts.fct_order_line
                    where order_key in (select order_key from marts.fct_order)
                ) as here,
                (select coalesce(sum(lines_count), 0) from marts.fct_order) as there
        ) as counted
    """
    return [verdict("rows_preserved", query, "none may be lost or doubled", "Units and products add up over lines.")]


def fct_refund() -> list[Expectation]:
    """Refunds."""
    return [rows_preserved("marts.fct_refund", "intermediate.int_refunds_priced", "Every refund line is one row.")]


def mart_customer_lifetime_value() -> list[Expectation]:
    """Customers by what they are worth."""
    return [
        between("probability_alive", "probability_alive", 0, 1, "A probability."),
        between("expected_orders", "expected_orders", 0, None, "A count."),
        verdict_on_share(
            "no_more_taken_back_than_paid",
            VALUE,
            "predictions take back more than was paid",
            "predicted_value < -greatest(historic_net_revenue, 0) - 0.01",
            "Below 0 is what is expected to be taken back of orders so far; a few had more taken back than one cost.",
            max_share=0.01,
            among="predicted_value is not null",
            column="predicted_value",
        ),
        verdict_on_share(
            "interval_in_order",
            VALUE,
            "intervals end before they begin",
            "predicted_value_low > predicted_value_high",
            "Bounds of one distribution.",
            column="predicted_value_low",
        ),
        verdict_on_share(
            "prediction_in_interval",
            VALUE,
            "predictions lie outside their interval",
            "predicted_value not between predicted_value_low - 0.01 and predicted_value_high + 0.01",
            "The mean of a long tail can lie above nine tenths of it: of the few who hardly buy again.",
            max_share=0.05,
            among="predicted_value is not null",
            column="predicted_value",
        ),
        _everyone_predicted(),
        _historic_value_ties_out(),
        _prediction_in_proportion(),
    ]


def _everyone_predicted() -> Expectation:
    eligible = f"""
        (
            select customers.predicted_value
            from {VALUE} as customers
            where customers.is_current and customers.brand_id in (
                select brand_id from finance.mart_lifetime_value_model
                where is_current group by brand_id having bool_and(is_eligible)
            )
        ) as customers
    """
    return verdict_on_share(
        "everyone_predicted",
        eligible,
        "customers of today have no prediction",
        "predicted_value is null",
        "Where the model is good enough, a sum over some customers would pass for the value of all.",
        max_share=0.01,
        column="predicted_value",
    )


def _historic_value_ties_out() -> Expectation:
    query = f"""
        select
            printf('%.2f of historic net revenue by customer, %.2f by month', here, there) as observed,
            abs(here - there) <= 0.01 as is_met
        from (
            select
                (select coalesce(sum(historic_net_revenue), 0) from {VALUE} where is_current) as here,
                (
                    select coalesce(sum(closing_net_revenue), 0) from {MONTHLY}
                    where segment_type = 'all' and as_of = (select as_of from {RUN})
                ) as there
        ) as sums
    """
    why = "Finance ties the customers' sum to the ledger's closing; both are of one history."
    expected = "both must be the same to a cent"
    return verdict("historic_value_ties_out", query, expected, why, column="historic_net_revenue")


def _prediction_in_proportion() -> Expectation:
    query = f"""
        with past as (
            select
                orders.brand_id,
                sum(orders.net_revenue)::double
                / greatest(least(365, any_value(run.as_of) - min(orders.ordered_on) + 1), 30) as revenue_a_day
            from marts.fct_order as orders cross join {RUN} as run
            where orders.is_revenue_order and orders.ordered_on > run.as_of - 365
            group by orders.brand_id
        ),
        ahead as (
            select brand_id, sum(predicted_value) / (max(horizon_months) * 30.4375) as predicted_a_day
            from {VALUE} where is_current and predicted_value is not null group by brand_id
        ),
        ratios as (
            select brand_id, predicted_a_day / nullif(revenue_a_day, 0) as ratio
            from past inner join ahead using (brand_id)
        )
        select
            coalesce(
                printf('predicted %.2f times the revenue of the past year for %s', max(ratio), max_by(brand_id, ratio)),
                'nothing predicted'
            ) as observed,
            coalesce(max(ratio) <= 3, true) as is_met
        from ratios
    """
    why = "Known customers buy less as time goes on; thrice as much is a fit that ran away."
    return verdict("prediction_in_proportion", query, "at most 3 times may be", why, column="predicted_value")


def mart_lifetime_value_monthly() -> list[Expectation]:
    """The ledger of customers' value."""
    closings = f"""
        (
            select opening_net_revenue,
                lag(closing_net_revenue) over (partition by brand_id order by month) as closing_before
            from {MONTHLY} where segment_type = 'all'
        ) as months
    """
    partition = f"""
        (
            select
                sum(closing_net_revenue) filter (where segment_type = 'all') as total,
                sum(closing_net_revenue) filter (where segment_type = kind) as segments
            from {MONTHLY}
            cross join (select distinct segment_type as kind from {MONTHLY} where segment_type <> 'all') as kinds
            group by brand_id, month, kind
        ) as months
    """
    return [
        verdict_on_share(
            "opening_is_closing_before",
            closings,
            "months do not open with what the one before closed with",
            "abs(opening_net_revenue - closing_before) > 0.01",
            "A ledger rolls forward; a gap is a customer who came or went without an entry.",
            among="closing_before is not null",
            column="opening_net_revenue",
        ),
        verdict_on_share(
            "segments_add_up",
            partition,
            "months whose segments do not add up to all customers",
            "total is distinct from segments",
            "Each customer is in one segment of each type: one who is in none or two falls out or counts twice.",
            column="closing_net_revenue",
        ),
    ]


def mart_lifetime_value_model() -> list[Expectation]:
    """Parameters of the models."""
    table = "finance.mart_lifetime_value_model"
    return [
        verdict_on_share(
            "parameters_positive",
            table,
            "parameters are not positive numbers",
            "not (estimate > 0 and isfinite(estimate))",
            "All but the correlation and refunds are shapes, scales and paces; zero or infinity is a fit at its limit.",
            among="estimate is not null and parameter <> 'correlation' and model_name <> 'refunds'",
            column="estimate",
        ),
        verdict_on_share(
            "refund_share",
            table,
            "shares of revenue taken back are not between 0 and 1",
            "not (estimate between 0 and 1)",
            "No more can be taken back than was paid.",
            among="model_name = 'refunds' and parameter = 'share'",
            column="estimate",
        ),
        verdict_on_share(
            "orders_independent_of_value",
            table,
            "correlations of orders with their mean value are 0.3 or more",
            "abs(estimate) >= 0.3",
            "The value model takes them for independent; 0.3 is its usual limit. A trait of customers, no fault.",
            among="parameter = 'correlation' and is_current",
            severity="warning",
            column="estimate",
        ),
    ]


def mart_lifetime_value_backtest() -> list[Expectation]:
    """What the models would have said."""
    return [
        verdict_on_share(
            "rates",
            BACKTEST,
            "scores are not between 0 and 1",
            "value not between 0 and 1",
            "Probabilities, shares and their squared errors.",
            among="metric in ('auc', 'brier', 'interval_coverage')",
            column="value",
        ),
        verdict_on_share(
            "no_hindsight",
            BACKTEST,
            "backtests judge by days that are not over",
            f"cut_off + horizon_days::int > (select as_of from {RUN})",
            "A hold-out that is cut short counts customers as lost who had no time to buy.",
            column="cut_off",
        ),
        _model_beats_rule(),
    ]


def _model_beats_rule() -> Expectation:
    against_rule = f"""
        (
            select
                any_value(value) filter (where forecaster = 'bg_nbd') as model,
                any_value(value) filter (where forecaster = 'recency_rule') as rule
            from {BACKTEST}
            where metric = 'brier' and target = 'no_purchase' and decile = 0
            group by brand_id, cut_off, horizon_days
        ) as backtests
    """
    return verdict_on_share(
        "model_beats_rule",
        against_rule,
        "backtests have bg_nbd behind the recency rule",
        "model > rule",
        "A model that the days since the last order beat is not worth its words; but its backtest is published "
        "beside it, so nothing else is held back for it.",
        among="model is not null and rule is not null",
        severity="warning",
        column="value",
    )


def mart_revenue_reconciliation() -> list[Expectation]:
    """The warehouse against control totals."""
    table = "finance.mart_revenue_reconciliation"
    return [
        verdict_on_share(
            "nothing_unexplained",
            table,
            "days differ from their control total by more than a cent without a named cause",
            "abs(unexplained_difference) > 0.01",
            "A cent is the rounding of tax in the source's own report. All else has a name or is a fault, once the day "
            "is over: orders and report of a running day are read one after the other, and people buy in between.",
            among="is_complete is not false",
            column="unexplained_difference",
        ),
        verdict_on_share(
            "control_totals_known",
            table,
            "days that are over have no control total",
            "control_total is null",
            "The shop's report comes with every load; single days may be late, many say that it was refused.",
            max_share=0.05,
            among=f"day < (select as_of from {RUN}) - 2",
            severity="warning",
            column="control_total",
        ),
    ]


SUITES: dict[str, Callable[[], list[Expectation]]] = {
    "finance.mart_customer_lifetime_value": mart_customer_lifetime_value,
    "finance.mart_lifetime_value_backtest": mart_lifetime_value_backtest,
    "finance.mart_lifetime_value_model": mart_lifetime_value_model,
    "finance.mart_lifetime_value_monthly": mart_lifetime_value_monthly,
    "finance.mart_revenue_reconciliation": mart_revenue_reconciliation,
    "marts.bridge_identity": bridge_identity,
    "marts.dim_customer": dim_customer,
    "marts.fct_order": fct_order,
    "marts.fct_order_line": fct_order_line,
    "marts.fct_refund": fct_refund,
}
