"""`rawhttp` asks for the request itself; `AMLRequest` is its type, Flask's where Flask is installed."""

from typing import Any, Callable, TypeVar

try:
    from flask import Request
except ImportError:
    from mldeploy_server.working.plain_request import Request  # type: ignore[import-not-found]

Run = TypeVar("Run", bound=Callable[..., Any])

_rawHttpRequested = False


def rawhttp(func: Run) -> Run:
    """Let `run` be called with the request object. A flag of the process, as the wire contract has it."""
    global _rawHttpRequested
    _rawHttpRequested = True
    return func


class AMLRequest(Request):  # type: ignore[misc]
    """For annotations and type checks; what `run` gets is the base class."""
