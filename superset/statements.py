"""What a statement of SQL reads. Whatever cannot be told for certain is refused, with the reason as one line.

Tables are found by scope, because a name means what the nearest WITH says it means: `with mart_x as (select * from
finance.mart_x) select * from mart_x` reads finance. Functions are found by token, because the parser renames some.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.tokens import TokenType

DIALECT = "duckdb"
ROW_GENERATORS = frozenset({"generate_series", "range", "unnest"})
HIDES_TABLES = (exp.Command, exp.DDL, exp.DML, exp.Describe, exp.Pivot, exp.Show, exp.Summarize)
TELL_OF_THE_SERVER = frozenset(
    {
        "current_catalog", "current_connection_id", "current_database", "current_query", "current_query_id",
        "current_schema", "current_setting", "current_transaction_id", "currval", "get_block_size", "getenv",
        "getvariable", "in_search_path", "json_serialize_plan", "nextval", "setseed", "sleep_ms", "stats",
        "txid_current", "version", "write_log",
    }
)  # fmt: skip
"""Scalar functions that answer with settings, the environment or plans, or do something, rather than compute."""

NOT_PLAIN = "Only plain SELECT statements can be run here."


class StatementError(Exception):
    """A statement that is not run; `str()` is the line to show."""


class TableName(NamedTuple):
    """A table by its schema and name, in lower case as DuckDB compares them."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


def tables_read(sql: str) -> set[TableName]:
    """Every table that the statements read, at whatever depth; StatementError for anything but plain queries."""
    try:
        tokens = sqlglot.tokenize(sql, read=DIALECT)
        statements = [statement for statement in sqlglot.parse(sql, read=DIALECT) if statement is not None]
        _refuse_functions(tokens)
        return {table for statement in statements for table in _tables(statement)}
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise StatementError(NOT_PLAIN) from error


def _refuse_functions(tokens: list[sqlglot.Token]) -> None:
    for token, following in pairwise(tokens):
        called = following.token_type == TokenType.L_PAREN and token.token_type != TokenType.STRING
        if called and token.text.lower() in REFUSED_FUNCTIONS:
            raise StatementError(f"The function {token.text.lower()} is not available here.")


def _tables(statement: exp.Expression) -> Iterator[TableName]:
    if not isinstance(statement, exp.Query) or statement.find(*HIDES_TABLES) is not None:
        raise StatementError(NOT_PLAIN)
    normal = normalize_identifiers(statement.copy(), dialect=DIALECT)
    if any(not isinstance(lateral.this, (exp.Subquery, exp.Unnest)) for lateral in normal.find_all(exp.Lateral)):
        raise StatementError("LATERAL takes a subquery here.")
    scopes = {id(node): scope for scope in traverse_scope(normal) for node in scope.tables}
    for node in normal.find_all(exp.Table):
        yield from _table(node, scopes.get(id(node)))


def _table(node: exp.Table, scope: Scope | None) -> Iterator[TableName]:
    """The table that a node stands for, none if that is a CTE or a row generator; `scope` is None if none was found."""
    if not isinstance(node.this, exp.Identifier):
        called = node.this.sql_name() if isinstance(node.this, exp.Func) else node.this.name
        if (node.this.name if called == "ANONYMOUS" else called).lower() not in ROW_GENERATORS:
            raise StatementError("FROM takes tables, subqueries, VALUES, unnest, range and generate_series here.")
    elif node.name in CATALOG_VIEWS or node.db in CATALOG_SCHEMAS:
        raise StatementError("DuckDB's catalogue cannot be read.")
    elif node.catalog and node.catalog not in CATALOGS:
        raise StatementError(f"There is no file {node.catalog} here.")
    elif node.db:
        yield TableName(node.db, node.name)
    elif scope is None or node.name not in scope.cte_sources:
        raise StatementError(f"Name {node.name} with its schema, as in marts.{node.name}.")


def _names(sql: str) -> frozenset[str]:
    with duckdb.connect() as connection:
        return frozenset(name.lower() for (name,) in connection.execute(sql).fetchall())


CATALOGS = frozenset({"published", "ledger"})
"""DuckDB's names for the published files: their base names."""
CATALOG_SCHEMAS = _names("select schema_name from duckdb_schemas() where internal")
CATALOG_VIEWS = _names("select view_name from duckdb_views() where internal")
"""They answer to an unqualified name whatever schema was chosen."""
TABLE_FUNCTIONS = (
    _names(
        "select function_name from duckdb_functions() group by all "
        "having bool_and(function_type in ('table', 'table_macro', 'pragma'))"
    )
    - ROW_GENERATORS
)
"""Functions that stand for a table (`query_table`, `read_csv` …) and for nothing else."""
REFUSED_FUNCTIONS = (
    TABLE_FUNCTIONS
    | TELL_OF_THE_SERVER
    | _names("select function_name from duckdb_functions() where schema_name = 'pg_catalog'")
)
