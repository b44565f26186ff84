"""What went wrong with a load, as one line that a person can act on. No value of a record is in it."""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Iterator, Sequence

import requests

from pipelines.errors import PipelineError, TerminalError, TransientError

_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_PASSING = frozenset({408, 423, 425, 429})
_REMEDIES = {
    403: "grant the scopes that the source's README lists",
    404: "check base_url, api_version and the ids of this source in brands.yml",
}


def plain_error(error: BaseException, instance: str, credentials: Sequence[str] = ()) -> PipelineError:
    """The PipelineError that an error of a library comes down to; `credentials` are the variables of the instance.

    Raise it `from None`: Dagster keeps chains of exceptions, and those of libraries quote values.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, PipelineError):
            return cause
    for cause in causes:
        if isinstance(cause, requests.RequestException):
            return _of_an_answer(cause, instance, credentials)
    if any(_is_full(cause) for cause in causes):
        return TransientError(
            "no space left to write the load", instance, "free disk space and run again; nothing of it counts"
        )
    return TerminalError(f"could not be landed ({_origin(causes[-1])})", instance, "run again; if it stays, report it")


def _of_an_answer(error: requests.RequestException, instance: str, credentials: Sequence[str]) -> PipelineError:
    what = " ".join(str(error).split())
    status = error.response.status_code if error.response is not None else 0
    is_passing = isinstance(
        error, requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError
    )
    if is_passing or status in _PASSING or status >= 500 or getattr(error, "is_transient", False):
        return TransientError(what, instance, "run again later; if it stays, check base_url in brands.yml and proxies")
    if status == 401:
        return TerminalError(what, instance, f"set a new {' or '.join(credentials) or 'credential'}")
    if status >= 400:
        return TerminalError(what, instance, _REMEDIES.get(status, "check this source in brands.yml"))
    return TerminalError(what, instance, "check base_url and api_version in brands.yml, and proxies in between")


def _is_full(error: BaseException) -> bool:
    return getattr(error, "errno", None) in _FULL or any(os.strerror(number) in str(error) for number in _FULL)


def _origin(error: BaseException) -> str:
    """Name and place of an error that we did not foresee; what it says may quote records."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/pipelines/" in frame.filename]
    at = frames[-1] if frames else None
    where = f" at {at.filename.rpartition('/pipelines/')[2]}:{at.lineno}" if at else ""
    return f"{type(error).__name__}{where}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
