"""The Shopify GraphQL Admin API: errors, the cost throttle, connections read to their end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipelines.brands import SourceConfig
from pipelines.credentials import variable
from pipelines.errors import TerminalError
from pipelines.extract import LoadContext
from pipelines.http import Answer, Fault, HttpClient, RefusedError, Sleep
from pipelines.sources.shopify import settings

Node = dict[str, Any]
TOO_COSTLY = "MAX_COST_EXCEEDED"
_TRANSIENT = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})


class ShopifyDialect:
    """Errors in `errors` (a text for refused credentials, else a list), the budget in `extensions.cost`."""

    def __init__(self, instance: str) -> None:
        self._token_variable = variable(instance, "access_token")

    def fault(self, answer: Answer) -> Fault | None:
        """Read the errors of a response; one error is enough to refuse all of it."""
        errors = answer.body.get("errors") if isinstance(answer.body, dict) else None
        if not errors:
            return None
        if answer.status == 401 or answer.status == 403:
            return Fault(f"the access token was refused: {errors}", f"set a new {self._token_variable}", code="auth")
        if not isinstance(errors, list):
            is_transient = answer.status >= 500 or answer.status in (423, 429, 430)
            return Fault(f"{errors}", "check base_url and api_version in brands.yml", is_transient)
        code = str((errors[0].get("extensions") or {}).get("code") or "")
        message = str(errors[0].get("message") or "no message")
        if code == "THROTTLED" or message == "Throttled":
            return Fault("too many requests", "run again later", True, _refill_seconds(answer.body))
        if code in _TRANSIENT or answer.status >= 500:
            return Fault(message, "run again later", is_transient=True)
        if code == "ACCESS_DENIED":
            remedy = "grant the app read_customers, read_orders, read_all_orders and read_reports"
            return Fault(message, remedy, code=code)
        return Fault(message, "check api_version in brands.yml", code=code or None)

    def pause_seconds(self, answer: Answer) -> float:
        """Wait until a query of the same cost fits into the bucket."""
        return _refill_seconds(answer.body) or 0.0


def _refill_seconds(body: Any) -> float | None:
    cost = ((body.get("extensions") or {}).get("cost") or {}) if isinstance(body, dict) else {}
    status = cost.get("throttleStatus")
    if not status:
        return None
    needed = min(float(cost.get("requestedQueryCost") or 0), float(status["maximumAvailable"]))
    lacking = needed - float(status["currentlyAvailable"])
    return max(lacking, 0.0) / float(status["restoreRate"])


class ShopifyClient:
    """Reads of one shop."""

    def __init__(self, instance: str, config: SourceConfig, context: LoadContext, sleep: Sleep = time.sleep) -> None:
        token = context.credentials["access_token"]
        headers = {"X-Shopify-Access-Token": token}
        self._http = HttpClient(instance, config.base_url, ShopifyDialect(instance), headers, (token,), sleep)
        self._path = f"/admin/api/{config.api_version or settings.API_VERSION}/graphql.json"

    def execute(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """`data` of a query."""
        body = self._http.post(self._path, json={"query": document, "variables": dict(variables or {})})
        data: dict[str, Any] = body["data"]
        return data

    def pages(
        self,
        document: str,
        field: str,
        search: str | None,
        page_size: int,
        resume: Callable[[Node], str],
        variables: Mapping[str, Any] | None = None,
    ) -> Iterator[list[Node]]:
        """Pages of a root connection, each version of a record once.

        Where Shopify pages no deeper, the search starts anew at `resume(last node)`; a page that costs too much is
        halved.
        """
        seen: set[tuple[str, str]] = set()
        after, read = None, 0
        while True:
            asked = {**(variables or {}), "first": page_size, "after": after, "search": search}
            try:
                connection = self.execute(document, asked)[field]
            except RefusedError as error:
                if error.code != TOO_COSTLY or page_size == 1:
                    raise
                page_size //= 2
                continue
            nodes = connection["nodes"]
            yield [node for node in nodes if (node["id"], node["updatedAt"]) not in seen]
            seen.update((node["id"], node["updatedAt"]) for node in nodes)
            if not connection["pageInfo"]["hasNextPage"]:
                return
            after, read = connection["pageInfo"]["endCursor"], read + len(nodes)
            if nodes and read + page_size > settings.PAGING_CEILING:
                after, read, search = None, 0, resume(nodes[-1])

    def rest(self, document: str, path: tuple[str, str], node_id: str, connection: Mapping[str, Any]) -> list[Node]:
        """All nodes of a nested connection, of which the first page is at hand; `path` leads to it in `document`."""
        nodes: list[Node] = list(connection["nodes"])
        page = connection["pageInfo"]
        while page["hasNextPage"]:
            variables = {"id": node_id, "first": settings.NESTED_PAGE_SIZE, "after": page["endCursor"]}
            following = self.execute(document, variables)[path[0]][path[1]]
            nodes += following["nodes"]
            page = following["pageInfo"]
        return nodes

    def report(self, document: str, report: str) -> list[dict[str, Any]]:
        """Rows of a ShopifyQL report by column name; raises TerminalError when the report cannot be parsed."""
        answer = self.execute(document, {"report": report})["shopifyqlQuery"]
        if answer["parseErrors"]:
            what = f"the sales report was refused: {' '.join(map(str, answer['parseErrors']))}"
            raise TerminalError(what, self._http.where("POST", self._path), "check api_version in brands.yml")
        names = [column["name"] for column in answer["tableData"]["columns"]]
        rows = answer["tableData"]["rows"]
        return [row if isinstance(row, dict) else dict(zip(names, row, strict=True)) for row in rows]
