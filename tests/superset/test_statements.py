"""Which tables a statement reads, in Superset's own environment, whose SQL parser is another release."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from conftest import CHECKOUT, SUPERSET_PYTHON, missing
from errand_rows import STATEMENTS
from statement_rows import FINANCE, HIDDEN_READS, MARTS, OPERATIONS, OTHER_FILES, TABLE

TABLES = (OPERATIONS, FINANCE, MARTS, f"ledger.{FINANCE}", f"published.{OPERATIONS}")
ASK = """
import json, logging, sys
from statements import StatementError, tables_read
logging.disable()
def ask(sql):
    try:
        return sorted(map(str, tables_read(sql)))
    except StatementError as error:
        return str(error)
print(json.dumps([ask(sql) for sql in json.load(sys.stdin)]))
"""
Ask = Callable[[list[str]], list[str | list[str]]]


@pytest.fixture(scope="module")
def ask() -> Ask:
    """Tables of each statement, or why it is refused."""
    import subprocess

    if not SUPERSET_PYTHON.exists():
        missing(f"no Superset environment at {SUPERSET_PYTHON}", "run `make setup` or set VOXHOUSE_SUPERSET_PYTHON")

    def run(statements: list[str]) -> list[str | list[str]]:
        command, environment = [str(SUPERSET_PYTHON), "-c", ASK], {"PYTHONPATH": str(CHECKOUT / "superset")}
        done = subprocess.run(
            command, input=json.dumps(statements), env=environment, capture_output=True, text=True, check=True
        )
        answers: list[str | list[str]] = json.loads(done.stdout)
        return answers

    return run


def test_every_hidden_read_is_found_or_refused(ask: Ask) -> None:
    asked = [(template, table) for template in HIDDEN_READS for table in TABLES]
    answers = ask([template.format(table=table, column="source_instance") for template, table in asked])
    for (template, table), answer in zip(asked, answers, strict=True):
        says = HIDDEN_READS[template]
        bare = table.removeprefix("ledger.").removeprefix("published.")
        assert answer == [bare] if says == TABLE else says in answer, (template, table, answer)


def test_no_file_and_no_setting_is_read(ask: Ask) -> None:
    answers = ask([template.format(folder="/tmp") for template in OTHER_FILES])
    for (template, says), answer in zip(OTHER_FILES.items(), answers, strict=True):
        assert says in answer, (template, answer)


@pytest.mark.parametrize("schema", STATEMENTS)
def test_plain_queries_read_the_schema_they_name(ask: Ask, schema: str) -> None:
    _, *statements = STATEMENTS[schema]
    for statement, answer in zip(statements, ask(statements), strict=True):
        assert isinstance(answer, list), (statement, answer)
        assert {table.partition(".")[0] for table in answer} <= {schema}, (statement, answer)
