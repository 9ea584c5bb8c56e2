"""A service of a type that this version does not know: it can be looked at and deleted."""

from __future__ import annotations

from typing import Any, NoReturn

from ..exceptions import NotAvailableException
from .webservice import Webservice


class UnknownWebservice(Webservice):
    """A service whose type only another version knows."""

    _webservice_type = "Unknown"

    def run(self, input: Any) -> NoReturn:
        raise NotAvailableException(self._why("run"))

    def update(self, *args: Any) -> NoReturn:
        raise NotAvailableException(self._why("update"))

    def get_token(self) -> NoReturn:
        raise NotAvailableException(self._why("get_token"))

    def _why(self, call: str) -> str:
        kind = self._record.plan.type if self._record else "unknown"
        return f"{call} does not exist for service {self.name!r}: this version does not know its type, {kind!r}."
