"""One small JSON client for every vendor: time-outs, bounded retries, waiting as told, errors in one line.

What an answer means is the vendor's (a `Dialect` beside each source); no endpoint and no paging belongs here.
Credentials travel in headers or in a form, never in an address, and never appear in a message.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Protocol

import requests
from requests.structures import CaseInsensitiveDict

from pipelines.errors import TerminalError, TransientError

logger = logging.getLogger(__name__)

CONNECT_SECONDS, READ_SECONDS = 10.0, 90.0
ATTEMPTS = 6
FIRST_BACKOFF_SECONDS, LAST_BACKOFF_SECONDS = 1.0, 30.0
LONGEST_WAIT_SECONDS = 300.0
"""A vendor that asks for more is left to the next run: a run that sleeps holds its lock."""
MESSAGE_LENGTH = 240

Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer; `body` is the decoded JSON, None when the answer is not JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an answer and what a person can do about it."""

    what: str
    remedy: str
    is_transient: bool = False
    wait_seconds: float | None = None
    """As the vendor asks; None: back off."""
    code: str | None = None
    """The vendor's own name of the fault, for a caller that can react to it."""


class RefusedError(TerminalError):
    """A vendor's refusal; `code` is its own name of the reason."""

    def __init__(self, fault: Fault, where: str) -> None:
        self.code = fault.code
        super().__init__(fault.what, where, fault.remedy)


class Dialect(Protocol):
    """How one vendor says that something is wrong, and how long to wait before the next request."""

    def fault(self, answer: Answer) -> Fault | None:
        """The fault in a JSON answer, None when it is fine or the status says enough."""
        ...

    def pause_seconds(self, answer: Answer) -> float:
        """Seconds to wait after a good answer, from its headers or body."""
        ...


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for; a date counts from the answer's own `Date`."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        sent = parsedate_to_datetime(headers["Date"]) if "Date" in headers else datetime.now(UTC)
        return max((parsedate_to_datetime(value) - sent).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def one_line(message: object, secrets: tuple[str, ...] = ()) -> str:
    """A vendor's message fit to be shown: one line, short, without credentials or e-mail addresses."""
    text = " ".join(str(message).split())
    for secret in secrets:
        text = text.replace(secret, "***")
    return re.sub(r"\S+@\S+", "***", text)[:MESSAGE_LENGTH]


class _HeaderCredentials(requests.auth.AuthBase):
    """Adds the vendor's headers; being the session's `auth` it also keeps requests from reading ~/.netrc."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


class HttpClient:
    """JSON requests to one source instance. Not for use by several threads at once."""

    def __init__(
        self,
        instance: str,
        base_url: str,
        dialect: Dialect,
        headers: Mapping[str, str],
        secrets: tuple[str, ...],
        sleep: Sleep = time.sleep,
    ) -> None:
        self.instance = instance
        self._base_url = base_url.rstrip("/")
        self._dialect = dialect
        self._secrets = tuple(secret for secret in secrets if secret)
        self.sleep = sleep
        self._session = requests.Session()
        self._session.auth = _HeaderCredentials({"Accept": "application/json", **headers})

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """Decoded JSON of a GET; raises TransientError or TerminalError (RefusedError with the vendor's code)."""
        return self._request("GET", path, params=params)

    def post(self, path: str, json: Any = None, form: Mapping[str, str] | None = None) -> Any:
        """Decoded JSON of a POST that reads; raises as `get`."""
        return self._request("POST", path, json=json, data=form)

    def where(self, method: str, path: str) -> str:
        """The place that an error names: instance, method and path without its query."""
        return f"{self.instance} {method} {path.partition('?')[0]}"

    def _request(self, method: str, path: str, **content: Any) -> Any:
        where = self.where(method, path)
        attempt = 1
        while isinstance(outcome := self._send(method, path, content), Fault):
            if not outcome.is_transient:
                raise RefusedError(outcome, where)
            self.back_off(attempt, outcome, where)
            attempt += 1
        self.wait(self._dialect.pause_seconds(outcome), "the rate limit is near", where)
        return outcome.body

    def back_off(self, attempt: int, fault: Fault, where: str) -> None:
        """Wait before the next attempt: as long as the vendor asks, else twice as long each time.

        Raises TransientError after the last one.
        """
        if attempt >= ATTEMPTS:
            raise TransientError(f"{fault.what} ({attempt} attempts)", where, fault.remedy)
        doubling = min(FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1), LAST_BACKOFF_SECONDS)
        self.wait(doubling if fault.wait_seconds is None else fault.wait_seconds, fault.what, where)

    def wait(self, seconds: float, why: str, where: str) -> None:
        """Sleep; raises TransientError when that would be longer than a run should be held up."""
        if seconds <= 0:
            return
        if seconds > LONGEST_WAIT_SECONDS:
            raise TransientError(f"{why}, to be asked again in {seconds:.0f} s", where, "run again after that time")
        logger.info("%s: %s, waiting %.1f s", where, why, seconds)
        self.sleep(seconds)

    def _send(self, method: str, path: str, content: Mapping[str, Any]) -> Answer | Fault:
        try:
            response = self._session.request(
                method,
                self._base_url + path,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                **content,
            )
        except requests.Timeout:
            return Fault(f"no answer within {READ_SECONDS:.0f} s", "run again later", is_transient=True)
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            return Fault("the answer was cut off", "run again; if it stays, look for a proxy in between", True)
        except requests.ConnectionError:
            return Fault("cannot connect", "check base_url in brands.yml and that the service is up", True)
        except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema):
            return Fault(f"{self._base_url} is not an http address", "correct base_url in brands.yml")
        return self._read(response)

    def _read(self, response: requests.Response) -> Answer | Fault:
        try:
            body = response.json()
        except requests.exceptions.JSONDecodeError:
            body = None
        answer = Answer(response.status_code, CaseInsensitiveDict(response.headers), body, response.text)
        fault = self._dialect.fault(answer) if body is not None else None
        fault = fault or self.status_fault(answer)
        if fault is None:
            return answer
        return Fault(
            one_line(fault.what, self._secrets), fault.remedy, fault.is_transient, fault.wait_seconds, fault.code
        )

    def status_fault(self, answer: Answer) -> Fault | None:
        """The fault that the status or the form of an answer shows, whoever the vendor is."""
        status, page = answer.status, _form(answer)
        if status in (408, 429) or status >= 500:
            what = "too many requests" if status == 429 else f"HTTP {status}{page}"
            return Fault(what, "run again later", is_transient=True, wait_seconds=retry_after_seconds(answer.headers))
        if 300 <= status < 400:
            return Fault(f"HTTP {status}, a redirect", "correct base_url in brands.yml")
        if status in (401, 403):
            return Fault(f"HTTP {status}{page}", "check the credential and its permissions")
        if status >= 400:
            return Fault(f"HTTP {status}{page}", "check base_url, api_version and account_id in brands.yml")
        if answer.body is None and page:
            return Fault("an HTML page instead of JSON", "check base_url in brands.yml, and proxies in between")
        if answer.body is None:
            return Fault("the answer was cut off", "run again; if it stays, look for a proxy in between", True)
        return None


def _form(answer: Answer) -> Literal["", " with an HTML page"]:
    is_page = answer.text.lstrip()[:1] == "<" or "text/html" in answer.headers.get("Content-Type", "")
    return " with an HTML page" if answer.body is None and is_page else ""
