"""`service.why()`: a service's own account of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import services
from ..exceptions import WebserviceException, translated

if TYPE_CHECKING:
    from .webservice import Webservice


def why(self: Webservice) -> str:
    """Why the service is not ready, answers 503, is slow or forms no batches, in sentences."""
    with translated(WebserviceException):
        return services.why(self.workspace._home, self.name)
