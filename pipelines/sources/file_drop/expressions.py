"""Expressions of `drop.yml`: columns, literals, arithmetic, case and named functions, compiled to SQL over a file.

Texts in arithmetic become numbers; where one cannot, the value counts as unreadable instead of as absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from pipelines.errors import shown
from pipelines.sources.file_drop.sql import Value

MAX_CHARACTERS = 2_000
_MAX_DEPTH = 100
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_FIRST_ONLY = (exp.Abs, exp.Round, exp.Floor, exp.Ceil)
_NUMERIC_FUNCTIONS = (*_FIRST_ONLY, exp.Greatest, exp.Least)
_FUNCTIONS: dict[type[exp.Func], str] = {
    exp.Abs: "abs",
    exp.Ceil: "ceil",
    exp.Coalesce: "coalesce",
    exp.Concat: "concat",
    exp.Floor: "floor",
    exp.Greatest: "greatest",
    exp.Least: "least",
    exp.Left: "left",
    exp.Length: "length",
    exp.Lower: "lower",
    exp.Nullif: "nullif",
    exp.Replace: "replace",
    exp.Right: "right",
    exp.Round: "round",
    exp.SplitPart: "split_part",
    exp.Substring: "substring",
    exp.Trim: "trim",
    exp.Upper: "upper",
}
_ALLOWED_NODES = (
    *_FUNCTIONS,
    *_ARITHMETIC,
    *_COMPARISONS,
    exp.And,
    exp.Or,
    exp.Not,
    exp.Is,
    exp.Paren,
    exp.Case,
    exp.If,
    exp.DPipe,
    exp.Column,
    exp.Identifier,
    exp.Literal,
    exp.Boolean,
    exp.Null,
)
ALLOWED = ", ".join(sorted(_FUNCTIONS.values()))


class ExpressionError(Exception):
    """An expression that cannot be used, and why."""


class UnknownColumnError(ExpressionError):
    """An expression of a column that the file does not have."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"unknown column {shown(name)}")


def compile_expression(text: str, columns: Mapping[str, str], type_of: Callable[[str], str]) -> Value:
    """The expression as SQL over a file's columns, given with their DuckDB types; `type_of` tells the type of an SQL.

    Raises ExpressionError that says what is not known or not allowed.
    """
    tree = _parse(text)
    for node in tree.walk():
        _check(node, columns)
    unreadable: list[str] = []
    holder = exp.Paren(this=tree)
    for operand in reversed([operand for node in holder.walk() for operand in _number_operands(node)]):
        sql = operand.sql(dialect="duckdb")
        unreadable.append(f"case when try_cast({sql} as double) is null then ({sql})::varchar end")
        operand.replace(exp.TryCast(this=operand.copy(), to=exp.DataType.build("double")))
    sql = holder.sql(dialect="duckdb")
    return Value(sql, type_of(sql), f"coalesce({', '.join(unreadable)})" if unreadable else None)


def _parse(text: str) -> exp.Expr:
    """The one expression that the text is; raises ExpressionError."""
    try:
        trees = sqlglot.parse(text, read="duckdb")
        if len(trees) != 1 or trees[0] is None:
            raise ExpressionError(f"'{shown(text)}' is not one expression")
        depth = _depth(trees[0])
    except (SqlglotError, RecursionError, ValueError, AttributeError, TypeError, IndexError, KeyError):
        what = f"'{shown(text)}' is no expression (names with other signs than letters go into double quotes)"
        raise ExpressionError(what) from None
    if depth > _MAX_DEPTH:
        raise ExpressionError(f"'{shown(text)}' is nested more than {_MAX_DEPTH} deep")
    return trees[0]


def _depth(tree: exp.Expr) -> int:
    return max(node.depth for node in tree.walk())


def _check(node: exp.Expr, columns: Mapping[str, str]) -> None:
    """Raise ExpressionError for everything that is not on the list of what an expression may hold."""
    if not isinstance(node, _ALLOWED_NODES):
        raise ExpressionError(_refusal(node))
    if isinstance(node, exp.Column):
        if node.table or not isinstance(node.this, exp.Identifier) or node.name not in columns:
            raise UnknownColumnError(node.sql(dialect="duckdb"))
        node.this.set("quoted", True)


def _refusal(node: exp.Expr) -> str:
    if isinstance(node, exp.Func):
        name = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
        return f"unknown function {shown(name.lower())}; known are {ALLOWED}"
    return f"{node.key} is not allowed: use columns, literals, arithmetic, case and functions only"


def _is_number(node: exp.Expr) -> bool:
    if isinstance(node, exp.Paren):
        return _is_number(node.this)
    return isinstance(node, (*_ARITHMETIC, *_NUMERIC_FUNCTIONS, exp.Length)) or (
        isinstance(node, exp.Literal) and not node.is_string
    )


def _number_operands(node: exp.Expr) -> list[exp.Expr]:
    """Operands of a node that must be numbers and are not yet."""
    operands: list[exp.Expr] = []
    if isinstance(node, (*_ARITHMETIC, *_NUMERIC_FUNCTIONS)):
        operands = [node.this] if isinstance(node, _FIRST_ONLY) else list(node.iter_expressions())
    elif isinstance(node, _COMPARISONS):
        operands = list(node.iter_expressions())
        if not any(map(_is_number, operands)):
            return []
    return [operand for operand in operands if not _is_number(operand)]


def names_in(text: str) -> set[str]:
    """Names of columns in an expression; none where it cannot be parsed."""
    try:
        return {column.name for column in _parse(text).find_all(exp.Column)}
    except ExpressionError:
        return set()
