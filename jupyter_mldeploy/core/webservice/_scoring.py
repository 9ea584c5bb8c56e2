"""Calling a service as `run` does: JSON text out, parsed JSON back, v1's exception when it does not answer 200."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ... import client, services
from ...disk import Home
from ...errors import ScoringFailed
from ...specs import Address, Auth
from ..exceptions import WebserviceException


def call(uri: str, input_data: Any, keys: Callable[[], tuple[str, str]] | None, service: Address | None = None) -> Any:
    """POST `input_data` and parse the answer. A 401 is tried once more, with the keys asked for anew.

    Only one level is parsed: a script that returns JSON text gives text (v1 SDK).
    """
    body = _body(input_data)
    try:
        answer = client.score(uri, body, key=keys()[0] if keys else "", service=service)
    except ScoringFailed as error:
        if error.status != 401 or keys is None:
            raise
        answer = client.score(uri, body, key=keys()[0], service=service)
    try:
        return json.loads(answer.content)
    except ValueError as error:
        kind = answer.headers.get("Content-Type", "no content type")
        raise WebserviceException(
            f"The service answered 200 with {kind}, which is no JSON: {answer.content[:200]!r}. "
            f"Call {uri} with requests.post to get such an answer as it is.",
            status_code=200,
        ) from error


def credentials(home: Home, name: str, auth: Auth) -> tuple[str, str]:
    """What opens the service first: a new token, or its keys."""
    return (services.token(home, name).text, "") if auth == "token" else services.keys(home, name)


def _body(input_data: Any) -> bytes | str:
    """Texts and bytes as they are; anything else as JSON text."""
    if isinstance(input_data, (str, bytes)):
        return input_data
    if isinstance(input_data, bytearray):
        return bytes(input_data)
    try:
        return json.dumps(input_data)
    except (TypeError, ValueError) as error:
        raise WebserviceException(
            f"The input cannot be sent: {error}. Give JSON text, as json.dumps({{'data': rows.tolist()}}) makes it."
        ) from error
