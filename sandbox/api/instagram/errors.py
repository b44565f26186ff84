"""Errors as the Graph API words them."""

from __future__ import annotations

from typing import Any

from sandbox.api.answer import Answer, json_answer

_TRACE = "AbSandboxTraceId0000"


class GraphError(Exception):
    """An error of the Graph API: its body and its HTTP status."""

    def __init__(self, message: str, code: int, status: int = 400, kind: str = "OAuthException", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"message": message, "type": kind, "code": code, **more, "fbtrace_id": _TRACE}

    def answer(self) -> Answer:
        """The error as an answer."""
        return json_answer({"error": self.error}, self.status)


def bad_token() -> GraphError:
    """The token is not one that was given out."""
    return GraphError("Invalid OAuth access token - Cannot parse access token", 190, 401)


def expired_token() -> GraphError:
    """The token was good once."""
    message = "Error validating access token: Session has expired on Monday, 01-Jun-26 00:00:00 PDT."
    return GraphError(message, 190, 401, error_subcode=463)


def ended_token() -> GraphError:
    """The token has outlived its time."""
    return GraphError("Error validating access token: Session has expired.", 190, 401, error_subcode=463)


def old_version(latest: str) -> GraphError:
    """The version is no longer served."""
    message = (
        f"(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: {latest}."
    )
    return GraphError(message, 2635)


def unknown_path(path: str) -> GraphError:
    """No such version, or no such edge below the root."""
    return GraphError(f"Unknown path components: {path}", 2500)


def unknown_object(object_id: str) -> GraphError:
    """No such object, or a deleted one."""
    message = (
        f"Unsupported get request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation"
    )
    return GraphError(message, 100, kind="GraphMethodException", error_subcode=33)


def unknown_field(name: str, node: str) -> GraphError:
    """A field that the node type does not have."""
    return GraphError(f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})", 100)


def application_limit() -> GraphError:
    """The application has made too many calls."""
    return GraphError("(#4) Application request limit reached", 4, 403, is_transient=True)


def malformed(message: str) -> GraphError:
    """A parameter of another form than expected."""
    return GraphError(f"(#100) {message}", 100)


def unexpected() -> GraphError:
    """A passing fault of the network."""
    message = "An unexpected error has occurred. Please retry your request later."
    return GraphError(message, 2, 500, is_transient=True)
