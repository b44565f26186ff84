"""What the access tables speak of: ids and keys of content that the accounts have made, some of it not for others."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

from superset_server import Client, Superset

FINANCE = "finance.mart_customer_lifetime_value"
MASKED = f"with dim_brand as (select customer_key, as_of from {FINANCE}) select * from dim_brand"
PLACE = re.compile(r"\{(\w+)\}")


class World(dict[str, Any]):
    """Name to id or key."""

    def path(self, path: str) -> str:
        """The path with every name in it replaced."""
        return PLACE.sub(lambda match: str(self[match.group(1)]), path)

    def body(self, body: Any) -> Any:
        """The body with every value that is a name replaced, and nested parameters as the text that charts keep."""
        if isinstance(body, dict):
            filled = {key: self.body(value) for key, value in body.items()}
            return {key: json.dumps(value) if key in TEXTS and value else value for key, value in filled.items()}
        if isinstance(body, list):
            return [self.body(value) for value in body]
        match = PLACE.fullmatch(body) if isinstance(body, str) else None
        return self[match.group(1)] if match else body


TEXTS = frozenset({"params", "query_context", "json_metadata"})


def build_world(superset: Superset, clients: dict[str, Client]) -> World:
    """Let the accounts make what they may make, and move some of it where old rights would have left it."""
    admin, finance, author = clients["admin"], clients["finance"], clients["author"]
    world = World({dataset["table_name"]: dataset["id"] for dataset in admin.all("dataset")})
    world |= {database["database_name"].removeprefix("Voxhouse "): database["id"] for database in admin.all("database")}
    dashboards = {dashboard["slug"]: dashboard["id"] for dashboard in admin.all("dashboard")}
    world |= {f"{slug}_dashboard": number for slug, number in dashboards.items()}
    world["finance_dashboard"] = dashboards["lifetime-value"]
    world["finance_chart"] = finance.get("dashboard/lifetime-value/charts").json()["result"][0]["id"]
    world["marts_chart"] = author.get("dashboard/reach/charts").json()["result"][0]["id"]
    world |= _queries(superset, world, clients)
    saved = {"db_id": world["ledger"], "schema": "finance", "sql": MASKED, "label": "of the administrator"}
    world["saved_query"] = _made(admin.post("saved_query/", saved))["id"]
    chart = {"slice_name": "of the author", "viz_type": "table", "params": "{}"}
    chart |= {"datasource_id": world["dim_brand"], "datasource_type": "table"}
    world["own_chart"] = _made(author.post("chart/", chart))["id"]
    world["own_dashboard"] = _made(author.post("dashboard/", {"dashboard_title": "of the author"}))["id"]
    virtual = {"database": world["marts"], "schema": "marts", "table_name": "of_operations"}
    world["virtual"] = _made(admin.post("dataset/", virtual | {"sql": "select load_id from operations.load"}))["id"]
    world |= _links(world, admin, finance)
    return world


def remove_world(admin: Client) -> None:
    """Delete what would be in the way of other tests: everything that is not from git."""
    for kind in ("dashboard", "chart", "dataset"):
        for entry in admin.all(kind):
            if not admin.get(f"{kind}/{entry['id']}").json()["result"]["is_managed_externally"]:
                assert admin.delete(f"{kind}/{entry['id']}").ok


def _queries(superset: Superset, world: World, clients: dict[str, Client]) -> World:
    """Queries of the administrator, of people's own, and on what they may no longer read."""
    made = World()
    runs = {"masked": MASKED, "plain": f"select customer_key from {FINANCE}"}
    runs |= {f"moved_to_{who}": MASKED for who in ("viewer", "author", "finance", "operator")}
    for name, statement in runs.items():
        query = _made(clients["admin"].sql(world["ledger"], statement, schema="finance"))["query"]
        suffix = "_query" if name in {"masked", "plain"} else ""
        made |= {f"{name}{suffix}": query["queryId"], f"{name}_key": query["id"]}
    for who, table in (("author", "marts.dim_brand"), ("operator", "operations.load")):
        query = _made(clients[who].sql(world["marts"], f"with load as (select * from {table}) select * from load"))[
            "query"
        ]
        made |= {f"own_of_{who}": query["queryId"], f"own_of_{who}_key": query["id"]}
    with sqlite3.connect(superset.home / "superset" / "superset.db", timeout=30) as metadata:
        for who in ("viewer", "author", "finance", "operator"):
            metadata.execute(
                "update query set user_id = (select id from ab_user where username = ?) where id = ?",
                (who, made[f"moved_to_{who}"]),
            )
    return made


def _links(world: World, admin: Client, finance: Client) -> World:
    table = world["mart_customer_lifetime_value"]
    form = {"datasource": f"{table}__table", "viz_type": "table"}
    explored = _made(finance.post("explore/permalink", {"formData": form, "urlParams": []}))
    dashboard = _made(finance.post("dashboard/lifetime-value/permalink", {"dataMask": {}, "activeTabs": []}))
    stored = {"datasource_id": table, "datasource_type": "table", "form_data": json.dumps(form)}
    editor = {"id": "x", "name": "tab", "dbId": world["ledger"], "schema": "finance", "sql": MASKED}
    tab = admin.ask("POST", "tabstateview/", data={"queryEditor": json.dumps(editor)})
    return World(
        explore_link=explored["key"],
        dashboard_link=dashboard["key"],
        form_key=_made(finance.post("explore/form_data", stored))["key"],
        tab=_made(tab)["id"],
    )


def _made(answer: Any) -> dict[str, Any]:
    assert answer.ok, answer.text[:500]
    made: dict[str, Any] = answer.json()
    return made
