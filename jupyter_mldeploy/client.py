"""Talking to a service over HTTP: one session, the key in the header, errors with what the service said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from .errors import ScoringFailed, ServiceUnreachable
from .specs import Address

JSON = "application/json"


@dataclass(frozen=True)
class Response:
    """A service's answer, as received."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def post(
    url: str, body: bytes | str, *, key: str = "", timeout: float | None = None, service: Address | None = None
) -> Response:
    """POST JSON text to `url`, with `key` as Bearer when given; whatever status comes is returned.

    `service` is the address that `url` belongs to, whose own certificate is then trusted too. Raises
    `ServiceUnreachable` when nothing answers within `timeout` seconds (None: no limit).
    """
    import requests  # a tenth of a second that only the first call pays; `trust` imports it as well

    headers = {"Content-Type": JSON, "Accept": JSON} | ({"Authorization": f"Bearer {key}"} if key else {})
    data = body.encode() if isinstance(body, str) else body
    try:
        session: requests.Session = import_module(".trust", __package__).session(service)
        answer = session.post(url, data=data, headers=headers, timeout=timeout)
    except requests.Timeout as error:
        raise ServiceUnreachable(f"No answer from {url} within {timeout} s.") from error
    except requests.exceptions.SSLError as error:
        raise ServiceUnreachable(
            f"{url} shows a certificate that is not trusted here: {_cause(error)}. Name the file of its authority in "
            "REQUESTS_CA_BUNDLE. For one made out to another name, give that name with the service's certificate."
        ) from error
    except requests.RequestException as error:
        raise ServiceUnreachable(f"Nothing answers at {url}: {_cause(error)}. Look at its state and logs.") from error
    return Response(answer.status_code, dict(answer.headers), answer.content)


def score(
    url: str, body: bytes | str, *, key: str = "", timeout: float | None = None, service: Address | None = None
) -> Response:
    """`post`, and raise `ScoringFailed` with code, headers and content unless the status is 200."""
    answer = post(url, body, key=key, timeout=timeout, service=service)
    if answer.status != 200:
        text = answer.content.decode(errors="replace")
        shown = {name: value for name, value in answer.headers.items() if name.lower() != "authorization"}
        raise ScoringFailed(
            f"The service answered {answer.status}.\nHeaders: {shown}\nContent: {text}",
            status=answer.status,
            headers=answer.headers,
            content=answer.content,
        )
    return answer


def _cause(error: BaseException) -> str:
    while inner := error.__cause__ or error.__context__ or getattr(error, "reason", None):
        if not isinstance(inner, BaseException):
            break
        error = inner
    return str(error) or type(error).__name__
