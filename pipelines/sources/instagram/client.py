"""The Graph API as Instagram speaks it: errors, throttling, cursor paging and batches of requests."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pipelines.brands import SourceConfig
from pipelines.credentials import variable
from pipelines.errors import ConfigError, TransientError
from pipelines.extract import LoadContext
from pipelines.http import Answer, Fault, HttpClient, RefusedError, Sleep, retry_after_seconds
from pipelines.sources.instagram import settings

THROTTLE_CODES = frozenset({4, 17, 32, 613, 80001, 80002, 80006})
AUTH_CODES = frozenset({102, 190, 467})
GONE_SUBCODE, BEFORE_BUSINESS_SUBCODE = 33, 2108006
METRIC_REFUSED, RECORD_SKIPPED, TOO_MUCH_DATA = "metric_refused", "record_skipped", "too_much_data"
NEAR_LIMIT_PERCENT, NEAR_LIMIT_PAUSE_SECONDS = 95, 5.0


class GraphDialect:
    """Errors as `{"error": {"code", "error_subcode", "message"}}`, usage in `X-Business-Use-Case-Usage`."""

    def __init__(self, instance: str) -> None:
        self._token_variable = variable(instance, "access_token")

    def fault(self, answer: Answer) -> Fault | None:
        """Read the error of a response or of one item of a batch."""
        error = answer.body.get("error") if isinstance(answer.body, dict) else None
        if not isinstance(error, dict):
            return None
        code, subcode = error.get("code"), error.get("error_subcode")
        message = str(error.get("error_user_msg") or error.get("message") or "no message")
        if code in AUTH_CODES or (error.get("type") == "OAuthException" and answer.status == 401):
            return Fault(f"the access token was refused: {message}", f"set a new {self._token_variable}", code="auth")
        if code in THROTTLE_CODES or answer.status == 429:
            wait = regain_seconds(answer.headers) or retry_after_seconds(answer.headers)
            return Fault("too many requests", "run again later", is_transient=True, wait_seconds=wait)
        if "reduce the amount of data" in message.lower():
            return Fault(message, "lower the page size", code=TOO_MUCH_DATA)
        if code in (1, 2) or error.get("is_transient") is True or answer.status >= 500:
            return Fault(message, "run again later", is_transient=True)
        return _refusal(code, subcode, message)

    def pause_seconds(self, answer: Answer) -> float:
        """Slow down when the business use case is nearly used up; wait as long as it says once it is."""
        usage = _usage(answer.headers)
        regain = regain_seconds(answer.headers)
        if regain:
            return regain
        percents = (row.get(key, 0) for row in usage for key in ("call_count", "total_cputime", "total_time"))
        return NEAR_LIMIT_PAUSE_SECONDS if max(percents, default=0) >= NEAR_LIMIT_PERCENT else 0.0


def _refusal(code: object, subcode: object, message: str) -> Fault:
    if subcode in (GONE_SUBCODE, BEFORE_BUSINESS_SUBCODE) or (code == 10 and "permission" not in message.lower()):
        return Fault(message, "nothing to do: the record has no insights", code=RECORD_SKIPPED)
    if code == 100 and "metric" in message.lower():
        return Fault(message, "nothing to do: the metric is left out", code=METRIC_REFUSED)
    if code in (3, 10) or (isinstance(code, int) and 200 <= code < 300):
        return Fault(message, "grant the token instagram_basic and instagram_manage_insights", code="permission")
    return Fault(f"{message} (code {code})", "check account_id, competitors and api_version in brands.yml")


def _usage(headers: Mapping[str, str]) -> list[dict[str, Any]]:
    try:
        usage = json.loads(headers.get("X-Business-Use-Case-Usage", "{}"))
    except json.JSONDecodeError:
        return []
    return [row for rows in usage.values() for row in rows]


def regain_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds until access is regained (Meta gives minutes); None when access is not lost."""
    minutes = max((row.get("estimated_time_to_regain_access", 0) for row in _usage(headers)), default=0)
    return float(minutes) * 60 or None


class GraphClient:
    """Reads of one account's Graph API."""

    def __init__(self, instance: str, config: SourceConfig, context: LoadContext, sleep: Sleep = time.sleep) -> None:
        if not config.account_id:
            raise ConfigError("no account_id", f"source {instance} in brands.yml", "add the Instagram account's id")
        self.account_id = config.account_id
        self._token = context.credentials["access_token"]
        self._dialect = GraphDialect(instance)
        self._version = config.api_version or settings.API_VERSION
        self._http = HttpClient(
            instance,
            config.base_url,
            self._dialect,
            {"Authorization": f"Bearer {self._token}"},
            (self._token,),
            sleep,
        )

    def get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        """One object or one page of an edge."""
        answer: dict[str, Any] = self._http.get(f"/{self._version}/{path}", params)
        return answer

    def pages(self, path: str, params: Mapping[str, str], limit: int) -> Iterator[list[dict[str, Any]]]:
        """Pages of an edge to its end; an empty page with a next link is no end. Halves the page when told to."""
        after: str | None = None
        empty = 0
        while empty < settings.MOST_EMPTY_PAGES:
            try:
                page = self.get(path, {**params, "limit": str(limit)} | ({"after": after} if after else {}))
            except RefusedError as error:
                if error.code != TOO_MUCH_DATA or limit == 1:
                    raise
                limit //= 2
                continue
            records = page.get("data") or []
            yield records
            after, empty = next_cursor(page), 0 if records else empty + 1
            if after is None:
                return
        raise TransientError("gives empty pages without an end", self._http.where("GET", f"/{path}"), "run again later")

    def batch(self, paths: Sequence[tuple[str, Mapping[str, str]]]) -> list[dict[str, Any] | Fault]:
        """Each path's body or the fault that is its own, in order; what fails by itself is asked again."""
        outcomes: dict[int, dict[str, Any] | Fault] = {}
        pending, attempt = list(range(len(paths))), 1
        while pending:
            fault: Fault | None = None
            for start in range(0, len(pending), settings.BATCH_SIZE):
                chunk = pending[start : start + settings.BATCH_SIZE]
                for index, outcome in zip(chunk, self._send([paths[i] for i in chunk]), strict=True):
                    if isinstance(outcome, Fault) and outcome.is_transient:
                        fault = outcome
                    else:
                        outcomes[index] = outcome
            pending = [index for index in pending if index not in outcomes]
            if fault is not None:
                self._http.back_off(attempt, fault, self._http.where("POST", "/ (batch)"))
                attempt += 1
        return [outcomes[index] for index in range(len(paths))]

    def _send(self, paths: Sequence[tuple[str, Mapping[str, str]]]) -> Iterator[dict[str, Any] | Fault]:
        requests = [
            {"method": "GET", "relative_url": f"{self._version}/{path}?{urlencode(params, safe=',')}"}
            for path, params in paths
        ]
        form = {"access_token": self._token, "batch": json.dumps(requests), "include_headers": "true"}
        items = self._http.post("/", form=form)
        for (path, _), item in zip(paths, items, strict=True):
            yield self._outcome(path, item)

    def _outcome(self, path: str, item: Mapping[str, Any] | None) -> dict[str, Any] | Fault:
        try:
            body = json.loads(item["body"]) if item else None
        except (json.JSONDecodeError, TypeError):
            body = None
        if item is None or body is None:
            return Fault("a request of the batch timed out", "run again later", is_transient=True)
        headers = {header["name"]: header["value"] for header in item.get("headers") or []}
        answer = Answer(int(item["code"]), headers, body)
        fault = self._dialect.fault(answer) or self._http.status_fault(answer)
        if fault is None:
            return dict(body)
        if fault.is_transient or fault.code in (METRIC_REFUSED, RECORD_SKIPPED):
            return fault
        raise RefusedError(fault, self._http.where("GET", path))


def next_cursor(page: Mapping[str, Any]) -> str | None:
    """Cursor of the page that `paging.next` leads to. The link itself is not followed: it carries the token."""
    paging = page.get("paging") or {}
    if not paging.get("next"):
        return None
    after = (paging.get("cursors") or {}).get("after")
    return after or next(iter(parse_qs(urlsplit(paging["next"]).query).get("after", [])), None)
