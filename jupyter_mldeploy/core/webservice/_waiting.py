"""Waiting for a deployment: its stages as lines, and all that is known when it failed."""

from __future__ import annotations

from ...cards import event_line
from ...errors import OperationFailed
from ...services import Operation

TIPS = "Interrupting this wait leaves the work alone; call wait_for_deployment again to go on watching."


def follow(operation: Operation, show_output: bool, timeout: float | None) -> OperationFailed | None:
    """Wait for the operation's end; what it failed with, if it did. Raises `OperationTimeout`."""
    if show_output:
        print(TIPS)
    for event in operation.follow(timeout):
        if event.stage == "end":
            return operation.failure(event) if event.status == "failed" else None
        if show_output:
            print(event_line(event), flush=True)
    return None


def explanation(name: str, state: str, failure: OperationFailed, *, serves: bool) -> str:
    """Why a deployment failed: state, operation, stage, the script's own traceback, the last log lines, what next."""
    parts = [
        f"The deployment of service {name!r} failed at {failure.stage}: {failure.message}",
        f"Current state: {state}" + (" (the version before goes on serving)" if serves else ""),
        f"Operation: {failure.operation}",
    ]
    if failure.traceback:
        parts.append(f"Traceback of the entry script:\n{_indented(failure.traceback)}")
    # The log has the traceback too, once a worker; what else it says is what is worth reading here.
    if log := failure.log.replace(failure.traceback.strip(), "").strip():
        parts.append(f"Last lines of the log:\n{_indented(log)}")
    parts.append("All of its log: service.get_logs(). After a repair of the script: service.reload().")
    return "\n".join(parts)


def _indented(text: str) -> str:
    return "\n".join(f"  {row}" for row in text.rstrip().splitlines())
