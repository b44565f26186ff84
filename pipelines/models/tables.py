"""Landing tables of the models' results. Every row says which model made it and for which day."""

from pipelines.schema import BOOLEAN, DATE, DOUBLE, INTEGER, TEXT, Column, table

_MODEL = Column("model_id", TEXT, "Digest of model version, input and settings.", required=True)
_AS_OF = Column("as_of", DATE, "Last day that the model has seen.", required=True)


def _number(name: str, description: str) -> Column:
    return Column(name, DOUBLE, description)


CUSTOMER_VALUE = table(
    "customer_value",
    "Customer with a revenue order x as_of: what the purchase model expects. Money in the reporting currency.",
    ("brand_id", "customer_key", "as_of", "model_id"),
    (
        Column("customer_key", TEXT, "Customer.", required=True),
        _AS_OF,
        _MODEL,
        Column("horizon_months", INTEGER, "Horizon of the predicted value.", required=True),
        _number("discount_rate_year", "Yearly discount rate, 0-1."),
        Column("repeat_orders_count", INTEGER, "x: days with an order after the first one."),
        Column("recency_days", INTEGER, "t_x: days from first to last order day."),
        Column("age_days", INTEGER, "T: days from first order day to as_of."),
        _number("mean_order_value", "Mean net revenue of the repeat order days; NULL without one."),
        _number("probability_alive", "P(alive). Never rank churn by it."),
        _number("expected_orders", "Expected days with an order in the horizon."),
        _number("predicted_revenue", "Expected net revenue in the horizon, before discounting."),
        _number("predicted_value", "Expected net revenue in the horizon, discounted by months of 30.4375 days."),
        _number("predicted_value_low", "Lower bound of the predictive 80 % interval of the discounted net revenue."),
        _number(
            "predicted_value_high",
            "Upper bound; the interval leaves out a tenth on either side, or a fifth above when it starts at 0.",
        ),
        Column("attrition_horizon_days", INTEGER, "Horizon of probability_no_purchase.", required=True),
        _number("probability_no_purchase", "P(no purchase in the attrition horizon)."),
        Column("reason", TEXT, "Why figures are NULL, in words; NULL when nothing is missing."),
    ),
)
VALUE_MODEL = table(
    "value_model",
    "Brand x as_of x model x parameter: the fit, or why there is none.",
    ("brand_id", "as_of", "model_id", "model_name", "parameter"),
    (
        _AS_OF,
        _MODEL,
        Column("model_name", TEXT, "bg_nbd, gamma_gamma or season (pace of the months, mean 1).", required=True),
        Column(
            "parameter",
            TEXT,
            "Name of the parameter, correlation (orders with mean value), month_01 to month_12; none: not eligible.",
            required=True,
        ),
        _number("estimate", "Maximum likelihood estimate. Times are days."),
        _number(
            "standard_error", "From the Hessian of the log-likelihood; NULL for figures that are not fitted by it."
        ),
        _number("log_likelihood", "At the optimum, with times in days."),
        Column("customers_count", INTEGER, "n in the fit."),
        Column("is_eligible", BOOLEAN, "False: too little data, nothing was predicted.", required=True),
        Column("reason", TEXT, "Why it is not eligible, in words."),
    ),
)
VALUE_BACKTEST = table(
    "value_backtest",
    "Brand x cut-off x forecaster x decile x metric: calibration before the cut-off, judged on what came after.",
    ("brand_id", "cut_off", "horizon_days", "forecaster", "target", "metric", "decile", "model_id"),
    (
        _AS_OF,
        Column("cut_off", DATE, "Last day of the calibration period.", required=True),
        Column("horizon_days", INTEGER, "Length of the hold-out period.", required=True),
        _MODEL,
        Column(
            "forecaster",
            TEXT,
            "bg_nbd, pareto_nbd (value: with gamma_gamma), own_rate, repeat_count, population_rate or recency_rule.",
            required=True,
        ),
        Column(
            "target",
            TEXT,
            "orders (days with an order), value (net revenue, not discounted) or no_purchase.",
            required=True,
        ),
        Column(
            "metric",
            TEXT,
            "bias, mae, rmse, interval_coverage, auc, brier, predicted_mean, actual_mean.",
            required=True,
        ),
        Column("decile", INTEGER, "1 (highest prediction) to 10; 0: all customers.", required=True),
        Column("customers_count", INTEGER, "Customers in the decile."),
        _number("value", "Value of the metric."),
    ),
)
TABLES = (CUSTOMER_VALUE, VALUE_MODEL, VALUE_BACKTEST)
