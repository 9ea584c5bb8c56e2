"""A control message to a service's front, when one runs."""

from __future__ import annotations

from ..disk import Home
from ..errors import OperationFailed
from ..specs import Json, ServiceRecord
from ..targets import target


def tell(home: Home, record: ServiceRecord, message: Json) -> None:
    """Send a message; returns when every replica has confirmed, and at once where nothing runs."""
    if record.handle is None:
        return
    runs_on = target(record.handle.target, home)
    if runs_on.state(record.handle).phase in ("Failed", "Stopped"):
        return  # nothing runs; the next start reads the record
    for reply in runs_on.control(record.handle, message):
        if reply.error:
            raise OperationFailed(reply.error, traceback=reply.traceback)
