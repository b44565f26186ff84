"""JSON of one vendor's host through dlt's REST client: bounded in seconds and bytes, and read by its declared form.

A source's folder stands alone, so this file is linked into each of them. What an answer means is the vendor's: a
subclass of `VendorAuth` beside each source.
"""

import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

from dlt.common.configuration import configspec
from dlt.common.configuration.specs.base_configuration import NotResolved
from dlt.common.json import json as dlt_json
from dlt.common.typing import TSecretStrValue
from dlt.sources.helpers.requests import Client, HTTPError, Response, Session
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ConnectionError, Timeout  # noqa: A004 - the name of requests
from urllib3.exceptions import HTTPError as TransportError

CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
ANSWER_SECONDS, ANSWER_BYTES = 120.0, 64 << 20
RUN_SECONDS, RUN_BYTES = 6 * 3600.0, 16 << 30
LONGEST_WAIT_SECONDS = 300.0
"""A vendor that asks for more is left to the next run."""
MESSAGE_LENGTH = 240
MOST_IDLE_PAGES = 20
"""Pages in a row that bring nothing new and are still a legal answer."""
_PIECE = 1 << 16
_TOKEN = {"access_token": str, "expires_in?": int, "refresh_token?": (str, None)}
_LONGEST_LIFE_SECONDS = 10 * 365 * 24 * 3600


class AnswerError(HTTPError):
    """What is wrong with an answer, in one line. `dlt` asks again where `response` has a status that may pass."""

    def __init__(self, what: str, response: Response | None = None, is_transient: bool = False) -> None:
        super().__init__(what, response=response)
        self.is_transient = is_transient


def clean(message: object, secrets: Iterable[str | None] = ()) -> str:
    """A vendor's message fit to be shown: one short line without control signs, credentials or addresses of persons."""
    text = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in str(message))
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return re.sub(r"\S+@\S+", "***", " ".join(text.split()))[:MESSAGE_LENGTH]


def place(request: Any) -> str:
    """Method and path of a request, without its query."""
    return f"{request.method} {urlsplit(request.url).path}"


def refuse(response: Response, what: str, kind: Callable[..., HTTPError] = AnswerError) -> NoReturn:
    """Raise what a vendor says is wrong, under the status that stands in `response`."""
    raise kind(f"{response.status_code} {place(response.request)}: {what}", response=response)


def throttle(response: Response, what: str, seconds: float) -> NoReturn:
    """Let dlt ask again in so many seconds; a wait that would hold up the run ends it instead."""
    where = place(response.request)
    if seconds > LONGEST_WAIT_SECONDS:
        raise AnswerError(f"429 {where}: {what}, to be asked again in {seconds:.0f} s", is_transient=True)
    response.status_code = 429
    response.headers["Retry-After"] = str(max(round(seconds + 0.5), 1))
    refuse(response, what)


def pinned_session(base_url: str, run_seconds: float | None = None, run_bytes: int | None = None) -> Session:
    """dlt's session with its retries, which reaches one host: credentials follow no link and no redirect elsewhere."""
    session = Client(raise_for_status=False, request_timeout=(CONNECT_SECONDS, READ_SECONDS)).session
    parts = urlsplit(base_url)
    session.adapters.clear()
    adapter = BoundedAdapter(run_seconds or RUN_SECONDS, run_bytes or RUN_BYTES)
    session.mount(f"{parts.scheme}://{parts.netloc}/", adapter)
    session.trust_env = False  # ~/.netrc would replace the credentials
    return session


class BoundedAdapter(HTTPAdapter):
    """Reads an answer whole, within its time and size and those of the run; says what fails without an address."""

    def __init__(self, run_seconds: float, run_bytes: int) -> None:
        super().__init__()
        self._run_seconds, self._run_bytes = run_seconds, run_bytes
        self._ends_at = time.monotonic() + run_seconds
        self._bytes_left = run_bytes

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        """One answer; raises what requests does, without the query, and AnswerError beyond a bound."""
        where = place(request)
        if time.monotonic() > self._ends_at:
            raise AnswerError(f"{where}: the run has read for {self._run_seconds:.0f} s, its bound", is_transient=True)
        try:
            response = super().send(request, *args, **{**options, "stream": True})
            content = self._read(response, where)
        except Timeout:
            raise Timeout(f"{where}: no answer within {READ_SECONDS:.0f} s") from None
        except ConnectionError:
            raise ConnectionError(f"{where}: cannot connect to {urlsplit(request.url or '').netloc}") from None
        except (TransportError, OSError) as error:
            if isinstance(error, AnswerError):
                raise
            raise ChunkedEncodingError(f"{where}: the answer was cut off") from None
        response._content, response._content_consumed = content, True  # type: ignore[attr-defined]  # noqa: SLF001
        wait = response.headers.get("Retry-After", "")
        if response.status_code >= 500 and wait.isdecimal() and float(wait) > LONGEST_WAIT_SECONDS:
            raise AnswerError(f"{response.status_code} {where}: to be asked again in {wait} s", is_transient=True)
        if 300 <= response.status_code < 400:
            raise AnswerError(f"{response.status_code} {where}: a redirect, which is not followed")
        return response

    def _read(self, response: Response, where: str) -> bytes:
        """`read1` returns what has come, so that a body that drips cannot outlast its time."""
        ends_at, parts, size = time.monotonic() + ANSWER_SECONDS, [], 0
        while piece := response.raw.read1(_PIECE, decode_content=True):
            parts.append(piece)
            size += len(piece)
            self._bytes_left -= len(piece)
            if time.monotonic() > ends_at:
                raise AnswerError(f"{where}: the answer was not whole after {ANSWER_SECONDS:.0f} s", is_transient=True)
            if size > ANSWER_BYTES:
                raise AnswerError(f"{where}: the answer is larger than {ANSWER_BYTES >> 20} MB")
            if self._bytes_left < 0:
                raise AnswerError(f"{where}: the run has read {self._run_bytes >> 20} MB, its bound")
        return b"".join(parts)


@configspec
class VendorAuth(OAuth2ClientCredentials):
    """Signs requests with a token, renews one that ends, and reads every answer before anyone else does.

    A subclass says in `check` what the vendor calls wrong, by `refuse` and `throttle`; with `client_id` a token is
    renewed shortly before it ends and when it is refused. `keep` gets a renewed token's answer before it is used: a
    refresh token that rotates must never be lost.
    """

    refresh_token: Annotated[TSecretStrValue | None, NotResolved()] = None
    keep: Annotated[Callable[[Mapping[str, Any]], None] | None, NotResolved()] = None

    def sign(self, request: PreparedRequest) -> None:
        """Put the token where the vendor expects it."""
        request.headers["Authorization"] = f"Bearer {self.access_token}"

    def check(self, response: Response, body: Any) -> None:  # noqa: ARG002 - for the vendors' own
        """Raise what the vendor says is wrong with an answer; `body` is its decoded JSON."""
        if not response.ok:
            refuse(response, clean(response.reason, self.secrets))

    @property
    def secrets(self) -> tuple[str | None, ...]:
        """What no message may hold."""
        return (self.access_token, self.refresh_token, self.client_secret)

    def is_token_expired(self) -> bool:
        """A token without a client to renew it is taken as it is."""
        return bool(self.client_id) and super().is_token_expired()

    def obtain_token(self) -> None:
        """Ask for a token; raises AnswerError where there is none."""
        asked = self.build_access_token_request()
        response = self.session.post(self.access_token_url, hooks={"response": self._read_token}, **asked)
        body = response.json()
        if not response.ok or mismatch(body, _TOKEN) or not re.fullmatch(r"[!-~]+", body["access_token"]):
            said = body if isinstance(body, dict) else {}
            told = said.get("error_description") or said.get("message") or said.get("error")
            why = clean(told, self.secrets) if told else mismatch(body, _TOKEN) or "of signs that no header may hold"
            refuse(response, f"no access token was given ({why})")
        if self.keep:
            self.keep(body)
        self.refresh_token = body.get("refresh_token") or self.refresh_token
        self.access_token = body["access_token"]
        seconds = min(self.parse_expiration_in_seconds(body), _LONGEST_LIFE_SECONDS)
        self.token_expiry = self.token_expiry.now().add(seconds=seconds - 60)

    def _read_token(self, response: Response, **_: Any) -> None:
        """Let dlt ask again where the vendor says in a good answer that it is busy."""
        body = decoded(response)
        if response.ok and mismatch(body, _TOKEN):
            self.check(response, body)

    def build_access_token_request(self) -> dict[str, Any]:
        """The form of a refresh where there is a refresh token, else that of client credentials."""
        asked = super().build_access_token_request()
        if self.refresh_token:
            asked["data"] |= {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        return asked

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign a request; renews the token first where it has ended."""
        if self.client_id and (self.access_token is None or self.is_token_expired()):
            self.obtain_token()
        self.sign(request)
        request.register_hook("response", self._read)  # type: ignore[no-untyped-call]
        return request

    def _read(self, response: Response, **options: Any) -> Response:
        if response.status_code == 401 and self.client_id:
            self.obtain_token()
            again = response.request.copy()
            self.sign(again)
            response = response.connection.send(again, **options)
        self.check(response, decoded(response))
        return response


def decoded(response: Response) -> Any:
    """The answer's JSON, parsed once whatever charset its header names; raises AnswerError for anything else."""
    where = place(response.request)
    try:
        body = dlt_json.loadb(response.content)
    except ValueError:
        status = response.status_code
        if response.content.lstrip()[:1] == b"<":
            raise AnswerError(f"{status} {where}: an HTML page instead of JSON", response=response) from None
        if not response.ok:
            raise AnswerError(f"{status} {where}: {clean(response.reason)}", response=response) from None
        raise ChunkedEncodingError(f"{where}: the answer is not JSON, or was cut off") from None
    response.json = lambda **_: body  # type: ignore[method-assign]
    return body


def expect(form: Any) -> dict[str, Any]:
    """Hooks for dlt's client that refuse an answer of another form, such as `{"results": [{"id": str, "text?": str}]}`.

    A name that ends in `?` may be absent, a tuple lists alternatives (None among them), `[form]` is a list of such, a
    type is a value of it, and `object` is anything. Members that are not named may be there.
    """

    def check(response: Response, **_: Any) -> None:
        fault = mismatch(response.json(), form)
        if fault:
            raise AnswerError(f"{place(response.request)}: {fault}")

    return {"response": [check]}


def mismatch(value: Any, form: Any, at: str = "") -> str | None:
    """What makes a value differ from a form, with its path; None: nothing."""
    if isinstance(form, tuple):
        options = [mismatch(value, option, at) for option in form]
        return None if None in options else max(options, key=lambda fault: len(str(fault).partition(" ")[0]))
    if isinstance(form, dict):
        return _members(value, form, at) if isinstance(value, dict) else _other(value, "an object", at)
    if isinstance(form, list):
        if not isinstance(value, list):
            return _other(value, "a list", at)
        if _all_have(value, form[0]):
            return None
        faults = (mismatch(item, form[0], f"{at}[{number}]") for number, item in enumerate(value))
        return next(filter(None, faults), None)
    if form is None:
        return None if value is None else _other(value, "null", at)
    is_kind = isinstance(value, form) and (form is object or isinstance(value, bool) == (form is bool))
    return None if is_kind else _other(value, _KINDS[form], at)


def _all_have(items: list[Any], form: Any) -> bool:
    """Whether all are objects with members of just these types: in a third of the time of a look at each."""
    if not isinstance(form, dict) or not all(type(kind) is type and kind is not object for kind in form.values()):
        return False
    return all(
        type(item) is dict and all(type(item.get(name)) is kind for name, kind in form.items()) for item in items
    )


def _members(value: Mapping[str, Any], form: Mapping[str, Any], at: str) -> str | None:
    for name, part in form.items():
        plain = name.rstrip("?")
        if plain in value:
            fault = mismatch(value[plain], part, f"{at}.{plain}" if at else plain)
            if fault:
                return fault
        elif not name.endswith("?"):
            return f"{at + '.' if at else ''}{plain} is missing"
    return None


_KINDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


def _other(value: Any, expected: str, at: str) -> str:
    found = "null" if value is None else _KINDS.get(type(value), type(value).__name__)
    return f"{at or 'the answer'} is {found}, not {expected}"


class Progress:
    """Notices pages that lead nowhere: cursors that come again, and pages that are empty or repeat the one before."""

    def __init__(self) -> None:
        self._cursors: set[Any] = set()
        self._idle = 0
        self._last: list[Any] | None = None

    def note(self, response: Response, cursor: Any, data: list[Any] | None) -> None:
        """Take one page; raises AnswerError when there is no progress. `cursor` leads to the next page, or is None."""
        where = place(response.request)
        if cursor is not None and cursor in self._cursors:
            raise AnswerError(f"{where}: the same cursor came twice, so the list has no end")
        self._cursors.add(cursor)
        self._idle = self._idle + 1 if not data or data == self._last else 0
        self._last = data
        if self._idle >= MOST_IDLE_PAGES:
            raise AnswerError(f"{where}: {MOST_IDLE_PAGES} pages in a row brought nothing new", is_transient=True)


class CursorPaginator(JSONResponseCursorPaginator):
    """dlt's cursor paginator, for which a list without an end is an error."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._progress = Progress()

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Read the next cursor; raises AnswerError where the list does not come to an end."""
        super().update_state(response, data)
        self._progress.note(response, self._next_reference if self._has_next_page else None, data)
