"""The suite of a new load, table by table: what no single record of it can show.

A load's files are views of a schema that bears the instance's name. Each function returns a new expectation.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from great_expectations.expectations.expectation import Expectation

from expectations.custom import percent, verdict
from expectations.interface import RawLoad
from expectations.sql import grouped, literal, quoted

WARNED_BEFORE = timedelta(days=7)
READ_AT = ("_observed_at", "observed_at")
"""Columns that say when a record was read: by us, and by whoever wrote the file."""


def suite(load: RawLoad, table: str, columns: Collection[str]) -> list[Expectation]:
    """Expectations of one table of a load; `columns` are those that landed, none where no record did.

    Only files come whole, so that one that is much smaller than usual was cut off, and a record may be in two of them.
    From an API comes what is new or due: the load of a quiet hour is small and right.
    """
    checks: list[Expectation] = [quarantined_share(load, table)]
    if load.is_delivery:
        key = [column for column in load.keys.get(table, ()) if column in columns]
        checks += [unique_keys(load, table, key)] if key else []
        checks += [volume(load, table)] if table in load.median_rows else []
    checks += [not_from_the_future(load, table, column) for column in READ_AT if column in columns]
    return checks + [dated_by_now(load, table, column) for column in load.versions.get(table, ()) if column in columns]


def lasts(load: RawLoad, what: str, ends_at: datetime) -> Expectation:
    """The source can still be read in a week."""
    query = f"""
        select
            {literal(f"{what} ends on {ends_at:%Y-%m-%d}")} as observed,
            timestamptz {literal(ends_at.isoformat())} > timestamptz {literal((load.now + WARNED_BEFORE).isoformat())}
                as is_met
    """
    why = "Renewing it takes a person, and a source that cannot be read leaves a hole in what is known only as of now."
    return verdict("lasts", query, f"it should last for more than {WARNED_BEFORE.days} days", why, "warning")


def quarantined_share(load: RawLoad, table: str) -> Expectation:
    """Few of the table's newest records broke a row rule."""
    past_landed, past_bad = load.past_records.get(table, (0, 0))
    share = f"100.0 * (bad + {past_bad}) / greatest(window_total, 1)"
    most_bad = f"greatest({load.min_quarantined}, {load.max_quarantined_share!r} * window_total)"
    query = f"""
        select
            {grouped("bad")} || ' of ' || {grouped("total")} || ' records quarantined'
            || printf(', %.1f %% of the newest %d', {share}, window_total)
            || coalesce(' (' || fault || ')', '') as observed,
            bad = 0 or bad + {past_bad} <= {most_bad} as is_met
        from (
            select
                coalesce(sum(records_quarantined), 0) as bad,
                coalesce(sum(records_landed + records_quarantined), 0) as total,
                coalesce(sum(records_landed + records_quarantined), 0) + {past_landed + past_bad} as window_total,
                (
                    select coalesce(column_name || ': ', '') || reason
                    from {_view(load, "_quarantine")} where table_name = {literal(table)}
                    group by column_name, reason order by count(*) desc, column_name, reason limit 1
                ) as fault
            from {_streams(load, table)}
        ) as counted
    """
    why = (
        "Single bad records are set apart; many say that the source or its mapping has changed. A small load is judged "
        "together with the records before it, and a bad record that was seen before is not new."
    )
    most = f"at most {percent(load.max_quarantined_share)} may be, or {load.min_quarantined} in all"
    return verdict("quarantined_share", query, most, why)


def volume(load: RawLoad, table: str) -> Expectation:
    """The delivery is not much smaller than those before it."""
    median, least = load.median_rows[table], load.min_volume_share * load.median_rows[table]
    query = f"""
        select
            {grouped("records")} || ' records landed, usual are ' || {grouped(repr(median))} as observed,
            records >= {least!r} as is_met
        from (select count(*) as records from {_view(load, table)}) as landed
    """
    why = "A file that was cut off can still be read to its end. No upper bound: a first or late delivery is large."
    return verdict("volume", query, f"at least {percent(load.min_volume_share)} of that must be", why)


def unique_keys(load: RawLoad, table: str, key: Sequence[str]) -> Expectation:
    """No two records of the load claim to be the same one, in whichever files or streams they came."""
    columns = ", ".join(f'"{column}"' for column in key)
    query = f"""
        select
            {grouped("records")} || ' records with ' || {grouped("keys")} || ' different keys ({", ".join(key)})'
                as observed,
            records = keys as is_met
        from (
            select coalesce(sum(same), 0) as records, count(*) as keys
            from (select count(*) as same from {_view(load, table)} group by {columns})
        ) as counted
    """
    why = "Records of one load have one age, so nothing says which of two is the newer."
    return verdict("unique_keys", query, "each key must be in one record", why)


def not_from_the_future(load: RawLoad, table: str, column: str) -> Expectation:
    """Nothing was read after now."""
    now = literal(load.now.isoformat())
    query = f"""
        select
            {grouped("count(*) filter (where is_later)")} || ' of ' || {grouped("count(*)")} || ' records'
            || coalesce(', newest {column} ' || strftime(max(read_at), '%Y-%m-%d %H:%M') || ' UTC', '') as observed,
            count(*) filter (where is_later) = 0 as is_met
        from (
            select "{column}" as read_at, "{column}"::timestamptz > {now}::timestamptz as is_later
            from {_view(load, table)}
        ) as readings
    """
    why = "A reading of tomorrow hides those of today; its clock or its time zone is wrong."
    expected = f"none may be later than {load.now:%Y-%m-%d %H:%M} UTC"
    return verdict("no_reading_from_the_future", query, expected, why, column=column)


def dated_by_now(load: RawLoad, table: str, column: str) -> Expectation:
    """Records that say they were changed after now: they land, and no cursor follows them."""
    now = literal(load.now.isoformat())
    query = f"""
        select
            {grouped("later")} || ' of ' || {grouped("records")} || ' records have a later {column}' as observed,
            later = 0 as is_met
        from (
            select count(*) as records, count(*) filter (where "{column}" > {now}::timestamptz) as later
            from {_view(load, table)}
        ) as counted
    """
    why = "The source's clock or a person's entry is wrong; such a record hides its own later versions."
    return verdict(
        "changed_by_now", query, f"none should be later than {load.now:%Y-%m-%d %H:%M} UTC", why, "warning", column
    )


def _streams(load: RawLoad, table: str) -> str:
    return f"(select * from {_view(load, '_streams')} where table_name = {literal(table)}) as streams"


def _view(load: RawLoad, table: str) -> str:
    return f"{quoted(load.instance)}.{quoted(table)}"
