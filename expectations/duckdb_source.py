"""DuckDB as a data source of Great Expectations. No check and no context belongs here.

Great Expectations closes a connection before it fetches what a query gave, and DuckDB then loses the rows; and it
opens a second engine to test the first, of which an in-memory database knows nothing. One engine with one connection,
for as long as the source lives, does away with both.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import sqlalchemy
from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Runs all queries on one connection, until `close`."""

    @contextmanager
    def get_connection(self) -> Iterator[sqlalchemy.Connection]:
        """The one connection; leaving the block keeps it open."""
        if self._connection is None:
            # In memory the library's own tests share the connection, and end its transaction with a rollback.
            self._connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection.exec_driver_sql("set timezone = 'UTC'")
        yield self._connection

    def close(self) -> None:
        """Give the file back: DuckDB's lock ends with the last connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        super().close()


class DuckDBDatasource(SQLDatasource):
    """A DuckDB file, or an in-memory database."""

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> builtins.type[DuckDBExecutionEngine]:
        """The engine that keeps its connection."""
        return DuckDBExecutionEngine

    def get_engine(self) -> sqlalchemy.Engine:
        """The engine of the checks tests the connection too."""
        engine: sqlalchemy.Engine = self.get_execution_engine().engine
        return engine

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement, on the connection of the checks."""
        with self.get_execution_engine().get_connection() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    def close(self) -> None:
        """Close the file."""
        self.get_execution_engine().close()


def add_duckdb(context: AbstractDataContext, name: str, warehouse: Path | None) -> DuckDBDatasource:
    """Make the context's source `name`: a warehouse file, read-only, or an empty database in memory."""
    address = sqlalchemy.URL.create("duckdb", database=":memory:" if warehouse is None else str(warehouse))
    source = context.data_sources.add_duckdb(
        name=name,
        connection_string=address.render_as_string(),
        create_temp_table=False,
        kwargs={"connect_args": {"read_only": warehouse is not None}},
    )
    assert isinstance(source, DuckDBDatasource)  # noqa: S101
    return source
