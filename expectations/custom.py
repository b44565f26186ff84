"""The project's own expectation, and the words in which every check states its terms. No check of a table is here."""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation

from expectations.sql import grouped, literal


class ExpectVerdict(UnexpectedRowsExpectation):
    """A query that says what it saw: one row of `observed` (text) and `is_met` (boolean; NULL: not met).

    So a check across rows or tables tells its figure in plain words, whether it is met or not.
    """

    # The library's second metric counts the rows, which would run every query twice.
    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.table",)

    def _validate(self, metrics: dict[str, Any], *_: object, **__: object) -> dict[str, Any]:
        row = metrics["unexpected_rows_query.table"][0]
        return {"success": bool(row["is_met"]), "result": {"observed_value": row["observed"]}}


def terms(check: str, expected: str, why: str, severity: str = "critical", column: str | None = None) -> dict[str, Any]:
    """What every expectation carries: its name, what may be (the end of a message) and the reason for the bound."""
    return {
        "description": f"{check.replace('_', ' ')}: {expected}",
        "notes": why,
        "severity": severity,
        "meta": {"check": check, "expected": expected, "column": column},
    }


def verdict(
    check: str, query: str, expected: str, why: str, severity: str = "critical", column: str | None = None
) -> ExpectVerdict:
    """An ExpectVerdict on plain SQL, which names its tables itself."""
    # The library takes a query without its placeholder for a mistake, and reads every other brace as one.
    template = "/* {batch} */" + query.replace("{", "{{").replace("}", "}}")
    return ExpectVerdict(unexpected_rows_query=template, **terms(check, expected, why, severity, column))


def verdict_on_share(
    check: str,
    table: str,
    what: str,
    bad: str,
    why: str,
    *,
    max_share: float = 0.0,
    among: str = "true",
    severity: str = "critical",
    column: str | None = None,
) -> ExpectVerdict:
    """At most `max_share` (0 to 1) of the rows of `table` for which `among` holds are `bad`; an unknown is not bad.

    `table` may be a subquery. `what` follows the figures in the message: "3 of 1,204 <what> (0.2 %)".
    """
    query = f"""
        select
            {grouped("bad_rows")} || ' of ' || {grouped("all_rows")} || {literal(" " + what)}
            || case when bad_rows > 0 then printf(' (%.1f %%)', 100.0 * bad_rows / all_rows) else '' end as observed,
            bad_rows <= {max_share!r} * all_rows as is_met
        from (
            select count(*) filter (where {bad}) as bad_rows, count(*) as all_rows from {table} where {among}
        ) as counted
    """
    expected = "none may be" if max_share == 0 else f"at most {percent(max_share)} may be"
    return verdict(check, query, expected, why, severity, column)


def rows_preserved(table: str, upstream: str, why: str) -> ExpectVerdict:
    """The table has as many rows as the subquery or table `upstream`: no join has lost or doubled any."""
    query = f"""
        select
            {grouped("here")} || ' rows of ' || {grouped("there")} as observed,
            here = there as is_met
        from (select (select count(*) from {table}) as here, (select count(*) from {upstream}) as there) as counted
    """
    return verdict("rows_preserved", query, "none may be lost or doubled", why)


def between(
    check: str, column: str, low: float | None, high: float | None, why: str, severity: str = "critical"
) -> ExpectColumnValuesToBeBetween:
    """Every known value of a column is within inclusive bounds; None: no bound."""
    if high is None:
        expected = f"{column} must be at least {low:g}"
    elif low is None:
        expected = f"{column} must be at most {high:g}"
    else:
        expected = f"{column} must be between {low:g} and {high:g}"
    stated = terms(check, expected, why, severity)
    return ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high, **stated)


def percent(share: float) -> str:
    """0.02 as 2 %."""
    return f"{100 * share:g} %"
