"""`service.run(input)`: one call of a service, by what is known of it now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ... import services
from ...errors import ScoringFailed, ServiceUnreachable
from ..exceptions import WebserviceException, translated
from . import _scoring

if TYPE_CHECKING:
    from .webservice import Webservice


def run(self: Webservice, input: Any) -> Any:
    """POST `input` (JSON text or bytes; other values are written as JSON) and return the parsed answer.

    Address and key are looked up on each call, so that a restart elsewhere or a rotated key is noticed.
    Raises `WebserviceException` with status code, headers and content of any other answer than 200.
    """
    home, why = self.workspace._home, "it has no scoring URI."
    with translated(WebserviceException):
        address = services.address(home, self.name)
        auth = services.record(home, self.name).plan.settings.auth
        self._scoring_uri = address.local + self._path() if address else None
        if self._scoring_uri:
            key = partial(_scoring.credentials, home, self.name, auth) if auth != "none" else None
            try:
                return _scoring.call(self._scoring_uri, input, key, address)
            except (ServiceUnreachable, ScoringFailed) as error:
                if isinstance(error, ScoringFailed) and (error.status != 503 or not self._in_trouble()):
                    raise
                why = "it answers 503." if isinstance(error, ScoringFailed) else error.message
    self.update_deployment_state()
    state = f"{self.state}, {self.error['message']}" if self.error else self.state
    raise WebserviceException(
        f"Service {self.name!r} cannot be called: {why}\nCurrent state: {state}\n"
        "Call wait_for_deployment(), read get_logs(), or start it again with restart()."
    )
