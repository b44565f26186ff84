"""Landing tables of the models' results. Every row says which model made it and for which day."""

from pipelines.sources.hints import day, flag, number, table, text, whole

CUSTOMER_VALUE, VALUE_MODEL, VALUE_BACKTEST = "customer_value", "value_model", "value_backtest"
_MODEL = text("Digest of model version, input and settings.", required=True)
_AS_OF = day("Last day that the model has seen.", required=True)

TABLES = {
    CUSTOMER_VALUE: table(
        "Customer with a revenue order x as_of: what the purchase model expects. Money in the reporting currency.",
        ("brand_id", "customer_key", "as_of", "model_id"),
        {
            "customer_key": text("Customer.", required=True),
            "as_of": _AS_OF,
            "model_id": _MODEL,
            "horizon_months": whole("Horizon of the predicted value.", required=True),
            "discount_rate_year": number("Yearly discount rate, 0-1."),
            "repeat_orders_count": whole("x: days with an order after the first one."),
            "recency_days": whole("t_x: days from first to last order day."),
            "age_days": whole("T: days from first order day to as_of."),
            "mean_order_value": number("Mean net revenue of the repeat order days; NULL without one."),
            "probability_alive": number("P(alive). Never rank churn by it."),
            "expected_orders": number("Expected days with an order in the horizon."),
            "predicted_revenue": number(
                "Expected net revenue in the horizon less what is taken back in it, of any order, before discounting."
            ),
            "predicted_value": number(
                "The same, discounted by months of 30.4375 days; below 0 where more goes back than comes."
            ),
            "predicted_value_low": number("Lower bound of the predictive 80 % interval of predicted_value."),
            "predicted_value_high": number(
                "Upper bound; the interval leaves out a tenth on either side, or a fifth above when it starts at 0."
            ),
            "attrition_horizon_days": whole("Horizon of probability_no_purchase.", required=True),
            "probability_no_purchase": number("P(no purchase in the attrition horizon)."),
            "reason": text("Why figures are NULL, in words; NULL when nothing is missing."),
        },
        "append",
    ),
    VALUE_MODEL: table(
        "Brand x as_of x model x parameter: the fit, or why there is none.",
        ("brand_id", "as_of", "model_id", "model_name", "parameter"),
        {
            "as_of": _AS_OF,
            "model_id": _MODEL,
            "model_name": text("bg_nbd, gamma_gamma, season (pace of the months, mean 1) or refunds.", required=True),
            "parameter": text(
                "Name of parameter, correlation (orders with mean value), month_01 to month_12; none: not eligible. Of "
                "refunds: share (of an order's revenue, taken back within longest_delay_days).",
                required=True,
            ),
            "estimate": number("Maximum likelihood estimate. Times are days."),
            "standard_error": number(
                "From the Hessian of the log-likelihood; NULL for figures that are not fitted by it."
            ),
            "log_likelihood": number("At the optimum, with times in days."),
            "customers_count": whole("n in the fit."),
            "orders_count": whole("Order days that refunds are learned from."),
            "step": text(
                "with_season, without_season, own, own_short (orders too young to tell of a quarter), "
                "earlier_month_end (its parameters) or not_eligible; NULL for the correlation."
            ),
            "is_eligible": flag("False: no step gave a fit, what depends on it is not predicted.", required=True),
            "reason": text("Why not by an earlier step, in words."),
        },
        "append",
    ),
    VALUE_BACKTEST: table(
        "Brand x cut-off x forecaster x decile x metric: calibration before the cut-off, judged on what came after.",
        ("brand_id", "cut_off", "horizon_days", "forecaster", "target", "metric", "decile", "model_id"),
        {
            "as_of": _AS_OF,
            "cut_off": day("Last day of the calibration period.", required=True),
            "horizon_days": whole("Length of the hold-out period.", required=True),
            "model_id": _MODEL,
            "forecaster": text(
                "bg_nbd, pareto_nbd (value: with gamma_gamma), own_rate, repeat_count, population_rate, recency_rule.",
                required=True,
            ),
            "target": text(
                "orders (days with an order), value (net revenue after refunds, not discounted) or no_purchase.",
                required=True,
            ),
            "metric": text(
                "bias, mae, rmse, interval_coverage, auc, brier, predicted_mean, actual_mean.", required=True
            ),
            "decile": whole("1 (highest prediction) to 10; 0: all customers.", required=True),
            "customers_count": whole("Customers in the decile."),
            "value": number("Value of the metric."),
        },
        "append",
    ),
}
