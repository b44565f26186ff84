"""The marts of a version as rows that two homes of one world have alike."""

from __future__ import annotations

from tests.homes import LiveHome

OF_THE_HOME = ("person_token", "author_key", "identity_key", "source_id", "evidence", "_load_id")
"""A home's vault draws its tokens at random; what is made of them is the home's own, as are the names of loads."""
Marts = dict[str, list[tuple[object, ...]]]


def marts_of(home: LiveHome) -> Marts:
    """Every mart's rows, sorted, without what is the home's own."""
    tables = home.rows(
        "select table_schema as schema, table_name as name, string_agg(column_name, ', ' order by ordinal_position)"
        f" filter (column_name not in {OF_THE_HOME}) as columns"
        " from information_schema.columns where table_schema in ('marts', 'finance') group by all"
    )
    found = {}
    for table in tables:
        rows = home.rows(f"select {table['columns']} from {table['schema']}.{table['name']} order by all")
        found[f"{table['schema']}.{table['name']}"] = [tuple(row.values()) for row in rows]
    return found
