"""`GET /metrics`: what the front has counted and what it sees now, in Prometheus's text format, version 0.0.4."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .metrics import Histogram, Metrics

if TYPE_CHECKING:
    from .state import Front

STATES = ("spawned", "debugger", "importing", "init", "ready", "admitted", "draining", "condemned")
BATCHING = ("off", "refused", "unchecked", "on")
CONTENT_TYPE = b"content-type: text/plain; version=0.0.4; charset=utf-8\r\n"
PAGE = os.sysconf("SC_PAGE_SIZE")


def memory(pid: int) -> int:
    """Resident bytes of a process; 0 where the system does not tell (macOS) or the process is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * PAGE
    except OSError:
        return 0


def render(front: Front) -> bytes:
    """All metrics."""
    return "".join([*_counters(front), *_histograms(front.metrics), *_gauges(front)]).encode()


def _counters(front: Front) -> Iterable[str]:
    counts, metrics = front.counts, front.metrics
    by_status = {f'code="{status}"': number for status, number in sorted(metrics.statuses.items())}
    yield _family("requests_total", "counter", "Scoring requests that were answered, by status.", by_status)
    kinds = {
        "script_raised": counts.raised,
        "worker_died": counts.crashed,
        "timeout": counts.timeouts,
        "refused": counts.refused,
        "unauthorised": counts.unauthorised,
        "client_gone": counts.dropped,
    }
    by_kind = {f'kind="{kind}"': number for kind, number in kinds.items()}
    yield _family("errors_total", "counter", "What went wrong, by kind.", by_kind)
    by_reason = {f'reason="{reason}"': refused.number for reason, refused in sorted(metrics.refused.items())}
    yield _family("refused_total", "counter", "Scoring requests answered with 503, by reason.", by_reason)
    lanes = [lane.pool.batching for lane in front.lanes.by_name.values()]
    released = sum((batching.released for batching in lanes), Counter[str]())
    by_release = {f'reason="{reason}"': number for reason, number in sorted(released.items())}
    yield _family(
        "frames_total", "counter", "With batching on: frames to workers, by why they were not larger.", by_release
    )
    counted = sum((Counter(batching.counted()) for batching in lanes), Counter[str]())
    yield _family("joined_runs_total", "counter", "Runs that joined several requests.", {"": counted["runs"]})
    yield _family("joined_rows_total", "counter", "Rows in these runs.", {"": counted["rows"]})
    yield _family("split_runs_total", "counter", "Of these, runs done again in halves.", {"": counted["splits"]})
    yield _family("worker_restarts_total", "counter", "Workers that died and were replaced.", {"": counts.restarts})


def _histograms(metrics: Metrics) -> Iterable[str]:
    yield _histogram("queue_seconds", "From the arrival of a request to its run, and the way back.", metrics.queue)
    yield _histogram("run_seconds", "Time in the script's run, when it returned.", metrics.run)
    yield _histogram("batch_size", "Requests that travelled to a worker together.", metrics.frames)
    yield _histogram("joined_requests", "Requests that a worker was given to be joined to one run.", metrics.joined)


def _gauges(front: Front) -> Iterable[str]:
    lanes = front.lanes.by_name.values()
    workers = [worker for lane in lanes for worker in lane.crew.workers]
    states = [worker.state for worker in workers]
    by_state = {f'state="{state}"': states.count(state) for state in STATES}
    yield _family("workers", "gauge", "Workers by state; the admitted ones get requests.", by_state)
    yield _family(
        "workers_wanted", "gauge", "Workers that there should be.", {"": sum(lane.crew.wanted for lane in lanes)}
    )
    yield _family(
        "queue_length", "gauge", "Requests that wait for a worker.", {"": sum(len(lane.pool.queue) for lane in lanes)}
    )
    yield _family(
        "queue_bytes", "gauge", "Bytes of the bodies that wait.", {"": sum(lane.pool.queued_bytes for lane in lanes)}
    )
    running = sum(len(worker.running) for worker in workers)
    yield _family("running", "gauge", "Requests that workers hold.", {"": running})
    yield _family("connections", "gauge", "Open connections.", {"": len(front.connections)})
    if front.lanes.dealt:
        by_version = {f'version="{name}"': lane.scored for name, lane in front.lanes.by_name.items()}
        yield _family("version_requests_total", "counter", "Scoring requests dealt to each version.", by_version)
    resident = {'process="front"': memory(os.getpid())}
    resident |= {f'process="worker",worker="{worker.number}"': memory(worker.pid) for worker in workers}
    yield _family("memory_bytes", "gauge", "Resident memory of each process.", resident)
    yield _family("start_time_seconds", "gauge", "When the front started, since the epoch.", {"": front.began})
    batching = {f'state="{state}"': int(state == front.pool.batching.state) for state in BATCHING}
    yield _family("batching", "gauge", "1 for the state that batching is in.", batching)
    name, version = (_label(text) for text in (front.config.name, front.config.version))
    yield _family("info", "gauge", "The service.", {f'service="{name}",version="{version}"': 1})


def _family(name: str, kind: str, about: str, values: Mapping[str, float]) -> str:
    lines = [f"# HELP mldeploy_{name} {about}\n# TYPE mldeploy_{name} {kind}\n"]
    for labels, value in values.items():
        lines.append(f"mldeploy_{name}{{{labels}}} {value}\n" if labels else f"mldeploy_{name} {value}\n")
    return "".join(lines)


def _histogram(name: str, about: str, histogram: Histogram) -> str:
    lines = [f"# HELP mldeploy_{name} {about}\n# TYPE mldeploy_{name} histogram\n"]
    seen = 0
    for bound, count in zip((*histogram.bounds, "+Inf"), histogram.counts, strict=True):
        seen += count
        lines.append(f'mldeploy_{name}_bucket{{le="{bound}"}} {seen}\n')
    lines.append(f"mldeploy_{name}_sum {histogram.total:.6f}\nmldeploy_{name}_count {seen}\n")
    return "".join(lines)


def _label(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
