"""What the running pipeline has loaded before: where a source that must know its past looks by default."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import dlt
from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext

from .media import moment_of

_ACCOUNT_COLUMNS = ("account_id", "username", "account_name")
_MEDIA_COLUMNS = (
    *("media_id", "account_id", "is_own", "caption", "media_type", "media_product_type", "permalink", "posted_at"),
    *("like_count", "comments_count", "is_deleted"),
)
_COMMENT_COLUMNS = (
    *("comment_id", "media_id", "account_id", "parent_comment_id", "is_from_brand", "is_deleted", "posted_at"),
)


def last_readings() -> dict[str, datetime]:
    """When the counts of each media were last read, by its id."""
    read_at: dict[str, datetime] = {}
    for table in ("media", "media_insights"):
        for row in _newest(table, ("media_id",)):
            read_at[row["media_id"]] = max(row["read_at"], read_at.get(row["media_id"], row["read_at"]))
    return read_at


def landed_media() -> list[Mapping[str, Any]]:
    """Newest reading of each media."""
    return list(_newest("media", _MEDIA_COLUMNS))


def landed_accounts() -> list[Mapping[str, Any]]:
    """Newest reading of each account, with `read_at`."""
    return list(_newest("accounts", _ACCOUNT_COLUMNS))


def landed_comments(media_ids: Sequence[str]) -> list[Mapping[str, Any]]:
    """Comments on these media."""
    wanted = set(media_ids)
    return [row for row in _newest("comments", _COMMENT_COLUMNS) if row["media_id"] in wanted]


def _newest(table: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Newest row of each key, the first of the columns, with the time of its load."""
    if not Container()[PipelineContext].is_active():
        return
    pipeline = dlt.current.pipeline()
    if pipeline.first_run or table not in pipeline.default_schema.data_table_names(seen_data_only=True):
        return
    names = ", ".join(columns)
    query = f"""
        select {names}, inserted_at from (
            select {", ".join(f"rows_of.{name}" for name in columns)}, loads.inserted_at, row_number() over (
                partition by rows_of.{columns[0]} order by loads.inserted_at desc
            ) as age_rank
            from {table} as rows_of inner join _dlt_loads as loads on rows_of._dlt_load_id = loads.load_id
        ) as ranked where age_rank = 1
    """
    with pipeline.sql_client() as sql:
        rows = sql.execute_sql(query) or ()
    for row in rows:
        values = dict(zip((*columns, "read_at"), row, strict=True))
        yield {**values, "read_at": moment_of(values["read_at"])}
