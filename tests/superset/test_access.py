"""Who reads what, through every door that Superset has: charts, SQL Lab and the REST API, on a live server."""

from __future__ import annotations

from pathlib import Path

import pytest
from superset_server import Client, Superset

pytestmark = [pytest.mark.xdist_group("superset"), pytest.mark.slow]

WITHOUT_FINANCE = ("viewer", "author", "operator")
FINANCE_TABLE = "finance.mart_customer_lifetime_value"
OPERATIONS_TABLE = "operations.load"

HIDDEN_READS = (
    "select * from {table}",
    "from {table}",
    "table {table}",
    "describe {table}",
    "summarize {table}",
    "select * from (summarize {table})",
    "pivot {table} on {column} using count(*)",
    "unpivot {table} on {column}",
    "select * from {table} pivot (count(*) for {column} in ('x'))",
    "with p as (pivot {table} on {column} using count(*)) select * from p",
    "explain analyze select * from {table}",
    "select * from query_table('{table}')",
    "select * from query_table(['{table}'])",
    "from \"query_table\"('{table}')",
    "call query_table('{table}')",
    "select * from query('from {table}')",
    "select * from main.query('from {table}')",
    "select * from json_execute_serialized_sql(json_serialize_sql('select * from {table}'))",
    "pragma json_execute_serialized_sql('{{}}')",
    "pragma table_info('{table}')",
    "pragma storage_info('{table}')",
    "select * from pragma_storage_info('{table}')",
    "select * from histogram('{table}', {column})",
    "select * from histogram_values('{table}', {column})",
    "select (select count(*) from {table})",
    "select 1 where exists (from {table})",
    "select * from duckdb_tables()",
    "select * from duckdb_tables",
    "select * from duckdb_columns()",
    "select * from information_schema.tables",
    "select * from sqlite_master",
    "select * from pg_catalog.pg_tables",
    "show all tables",
    "show databases",
    "prepare p as select * from {table}",
    "create table copy_of as select * from {table}",
    "select 1; select * from {table}",
    "/* harmless */ select * from {table} -- harmless",
)
OTHER_FILES = (
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/etc/passwd')",
    "select * from '/etc/passwd'",
    "select * from '{folder}/ledger.duckdb'",
    "select * from read_duckdb('{folder}/ledger.duckdb')",
    "select * from glob('/etc/*')",
    "select * from sniff_csv('/etc/passwd')",
    "attach '{folder}/ledger.duckdb' as ledger",
    "attach ':memory:' as scratch",
    "copy (select 1) to '{folder}/written.csv'",
    "export database '{folder}/written'",
    "set memory_limit = '20GB'",
    "set enable_external_access = true",
    "reset lock_configuration",
    "pragma memory_limit = '20GB'",
    "load httpfs",
    "install httpfs",
    "use ledger",
    "select getenv('SUPERSET_SECRET_KEY')",
    "select current_setting('temp_directory')",
    "select * from duckdb_settings()",
    "select * from duckdb_secrets()",
)


def _id(client: Client, kind: str, **names: str) -> int:
    found = [item["id"] for item in client.all(kind) if all(item[name] == value for name, value in names.items())]
    return int(found[0])


@pytest.fixture(scope="module")
def marts_id(admin: Client) -> int:
    return _id(admin, "database", database_name="Voxhouse marts")


@pytest.fixture(scope="module")
def ledger_id(admin: Client) -> int:
    return _id(admin, "database", database_name="Voxhouse ledger")


@pytest.fixture(scope="module")
def lifetime_value_id(admin: Client) -> int:
    return _id(admin, "dataset", table_name="mart_customer_lifetime_value")


def test_nothing_but_the_login_is_open_to_strangers(superset: Superset) -> None:
    import requests

    for path in ("api/v1/chart/", "api/v1/dashboard/", "api/v1/dataset/", "api/v1/chart/1/data/"):
        assert requests.get(f"{superset.url}/{path}", timeout=30).status_code == 401
    page = requests.get(f"{superset.url}/superset/welcome/", timeout=30)
    assert page.url.startswith(f"{superset.url}/login/")
    policy = page.headers["Content-Security-Policy"]
    assert "scarf" not in policy
    assert "http" not in policy.replace(superset.url, "")


@pytest.mark.parametrize("account", WITHOUT_FINANCE)
def test_finance_is_invisible_without_its_role(
    superset: Superset, account: str, ledger_id: int, lifetime_value_id: int
) -> None:
    client = superset.login(account)
    assert not [d for d in client.all("dataset") if d["schema"] == "finance"]
    assert not [d for d in client.all("dashboard") if d["slug"] == "lifetime-value"]
    assert client.query(lifetime_value_id, columns=["customer_key"], metrics=[], row_limit=5).status_code == 403
    assert client.get(f"dataset/{lifetime_value_id}").status_code in {403, 404}
    assert client.get(f"database/{ledger_id}/schemas/").status_code in {403, 404} or not client.get(
        f"database/{ledger_id}/schemas/"
    ).json().get("result")
    assert client.get(f"database/{ledger_id}/tables/", q="(schema_name:finance)").status_code in {403, 404, 422}
    assert client.get(f"datasource/table/{lifetime_value_id}/column/customer_key/values/").status_code == 403


@pytest.mark.parametrize("account", ["author", "operator"])
def test_no_statement_on_the_ledger_runs_without_its_role(
    superset: Superset, admin: Client, account: str, ledger_id: int
) -> None:
    client = superset.login(account)
    assert admin.sql(ledger_id, f"select count(*) from {FINANCE_TABLE}").status_code == 200
    for statement in HIDDEN_READS:
        answer = client.sql(ledger_id, statement.format(table=FINANCE_TABLE, column="country_code"), schema="finance")
        assert answer.status_code >= 400, f"{statement}: {answer.text[:300]}"


def test_no_statement_of_an_author_leaves_the_marts(author: Client, marts_id: int) -> None:
    allowed = author.sql(marts_id, "select count(*) as n from marts.dim_brand")
    assert allowed.status_code == 200, allowed.text
    for table in (OPERATIONS_TABLE, FINANCE_TABLE, f"ledger.{FINANCE_TABLE}", "published.operations.load"):
        for statement in HIDDEN_READS:
            answer = author.sql(marts_id, statement.format(table=table, column="source_instance"), schema="marts")
            assert answer.status_code >= 400, f"{statement}: {answer.text[:300]}"


@pytest.mark.parametrize("account", ["admin", "author", "operator"])
def test_sql_reaches_no_file_and_no_setting(superset: Superset, account: str, marts_id: int) -> None:
    client, folder = superset.login(account), superset.home / "serving" / "current"
    assert client.sql(marts_id, "select 1 as one").status_code == 200
    for statement in OTHER_FILES:
        answer = client.sql(marts_id, statement.format(folder=folder), schema="marts")
        assert answer.status_code >= 400, f"{statement}: {answer.text[:300]}"
        assert "root:" not in answer.text
    assert not list(superset.home.rglob("written*"))


def test_a_viewer_writes_nothing_and_has_no_sql(viewer: Client, marts_id: int) -> None:
    chart, dashboard, dataset = (viewer.all(kind)[0]["id"] for kind in ("chart", "dashboard", "dataset"))
    assert viewer.sql(marts_id, "select 1").status_code == 403
    assert viewer.put(f"chart/{chart}", {"slice_name": "mine"}).status_code == 403
    assert viewer.put(f"dashboard/{dashboard}", {"dashboard_title": "mine"}).status_code == 403
    assert viewer.put(f"dataset/{dataset}", {"description": "mine"}).status_code == 403
    body = {
        "slice_name": "mine",
        "viz_type": "table",
        "datasource_id": dataset,
        "datasource_type": "table",
        "params": "{}",
    }
    assert viewer.post("chart/", body).status_code == 403
    assert viewer.post("dashboard/", {"dashboard_title": "mine"}).status_code == 403
    assert viewer.delete(f"chart/{chart}").status_code == 403
    assert viewer.get("security/roles/").status_code in {403, 404}
    assert not [d for d in viewer.all("dataset") if d["schema"] != "marts"]


def test_an_author_makes_no_dataset_and_no_database(author: Client, marts_id: int) -> None:
    virtual = {"database": marts_id, "schema": "marts", "table_name": "mine", "sql": "select * from marts.dim_brand"}
    assert author.post("dataset/", virtual).status_code == 403
    assert (
        author.post("database/", {"database_name": "mine", "sqlalchemy_uri": "duckdb:///:memory:"}).status_code == 403
    )
    dataset = author.all("dataset")[0]["id"]
    assert author.put(f"dataset/{dataset}", {"description": "mine"}).status_code == 403


def test_no_ad_hoc_aggregate_is_charted(author: Client) -> None:
    dataset = _id(author, "dataset", table_name="mart_reach")
    summed = {"expressionType": "SIMPLE", "column": {"column_name": "reach"}, "aggregate": "SUM", "label": "sum"}
    written = {"expressionType": "SQL", "sqlExpression": "sum(reach)", "label": "sum"}
    greatest = summed | {"aggregate": "MAX", "label": "max"}
    for metric in (summed, written):
        assert author.query(dataset, metrics=[metric], columns=["window_end"]).status_code == 403
        ordered = author.query(dataset, metrics=[], columns=["window_end"], orderby=[[metric, False]])
        assert ordered.status_code == 403
    assert author.query(dataset, metrics=[greatest], columns=[]).status_code == 200
    hidden = author.query(
        dataset, columns=["window_end"], metrics=[], extras={"where": "1 = (select count(*) from operations.load)"}
    )
    assert hidden.status_code >= 400


def test_the_finance_role_reads_finance_and_marts(finance: Client, lifetime_value_id: int) -> None:
    answer = finance.query(lifetime_value_id, columns=["customer_key"], metrics=[], row_limit=5)
    assert answer.status_code == 200
    assert answer.json()["result"][0]["rowcount"] == 5
    assert {d["schema"] for d in finance.all("dataset")} == {"marts", "finance"}


def test_the_operator_reads_operations(operator: Client, marts_id: int) -> None:
    assert {d["schema"] for d in operator.all("dataset")} == {"operations"}
    answer = operator.sql(marts_id, "select version_id from operations.version")
    assert answer.status_code == 200, answer.text


def test_only_the_published_files_can_become_a_database(admin: Client, superset: Superset) -> None:
    for uri in (
        "duckdb:///:memory:",
        f"duckdb:///{superset.home}/serving/versions/first/ledger.duckdb",
        "duckdb:////etc/passwd",
    ):
        answer = admin.post("database/test_connection/", {"database_name": "other", "sqlalchemy_uri": uri})
        assert answer.status_code >= 400, uri


def test_a_statement_is_interrupted_at_its_time_limit(author: Client, marts_id: int) -> None:
    days = ", ".join(f"marts.mart_engagement_daily as d{n}" for n in range(6))
    endless = (
        f"select count(*) from {days} where hash(d0.activity_on, d1.activity_on, d2.activity_on, d5.activity_on) = 1"
    )
    answer = author.sql(marts_id, endless)
    assert answer.status_code >= 400
    assert "nterrupt" in answer.text


def test_superset_writes_nothing_outside_its_home(superset: Superset) -> None:
    assert list(Path(superset.environment["HOME"]).iterdir()) == []
