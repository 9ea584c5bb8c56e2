"""The verb `why`: what a service's front knows of itself, or what is known of one that cannot be asked."""

from __future__ import annotations

import time

from ..disk import Home
from ..errors import ServiceUnreachable
from ..specs import Handle, Reply
from ..targets import target
from . import records
from .operations import END, last
from .sentences import duration, explain, not_ready
from .watching import logs, state

LAST = 10  # log lines of a service that cannot be asked


def why(home: Home, name: str) -> str:
    """Why the service is not ready, answers 503, is slow or forms no batches: one sentence or quotation a line."""
    handle = records.record(home, name).handle
    seen = state(home, name)
    lines = [f"Service {name!r} is {seen.phase}.", *_operation(home, name)]
    replies = _ask(home, handle) if handle else []
    if not replies:
        lines += [seen.reason, *seen.traceback.splitlines()]
        texts = [line.text for line in logs(home, name) if line.stream != "operation"][-LAST:]
        lines += ["The last lines of its log:", *(f"    {text}" for text in texts)] if texts else []
    for reply in replies:
        lines += [f"Replica {reply.replica}:"] if len(replies) > 1 else []
        lines += [reply.error] if reply.error else explain(reply.data, time.time())
        for version, facts in reply.data.get("versions", {}).items():
            lines += [f"Version {version!r}:", *not_ready(facts, time.time())]
    return "\n".join(filter(None, lines))


def _operation(home: Home, name: str) -> list[str]:
    """How far the last operation is, or why it failed; nothing of one that succeeded."""
    newest = last(home, name)
    events = newest.events() if newest else []
    if not events:
        return []
    now = events[-1]
    if now.stage != END:
        return [
            f"An operation is at stage {now.stage} since {duration(time.time() - now.time)}: {now.text}".rstrip(": ")
        ]
    return [f"Its last operation failed: {now.text}"] if now.status == "failed" else []


def _ask(home: Home, handle: Handle) -> list[Reply]:
    try:
        return list(target(handle.target, home).control(handle, {"v": 1, "op": "why"}))
    except ServiceUnreachable:
        return []
