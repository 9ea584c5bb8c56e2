"""The facts behind `why`: what the workers do, what waits, how the last requests went. Sentences are the caller's."""

from __future__ import annotations

from time import monotonic, time
from typing import TYPE_CHECKING, Any

from .metrics import Histogram
from .pool import BUDGET, UNKNOWN

if TYPE_CHECKING:
    from .state import Front
    from .worker import Worker

LAST = 5  # log lines of a worker that does not serve
SHARE = 0.95  # of the requests that were at least as fast as "slowest" says


def facts(front: Front) -> dict[str, Any]:
    """Everything as JSON; times in seconds."""
    crew, pool = front.crew, front.pool
    trouble = crew.failure
    return {
        "phase": crew.phase,
        "ready": len(pool.admitted),
        "wanted": crew.wanted,
        "uptime": time() - front.began,
        "reason": trouble.error if trouble else "",
        "during": trouble.phase if trouble else "",
        "traceback": trouble.traceback if trouble else "",
        "log": trouble.log if trouble else "",
        "workers": [_worker(worker) for worker in crew.workers],
        "queued": len(pool.queue),
        "queue_limit": front.settings.queue_limit,
        "queue_bytes": front.settings.queue_bytes,
        "max_concurrent": front.settings.max_concurrent,
        "max_wait": front.settings.max_wait_ms / 1000,
        "waiting": monotonic() - pool.queue[0].arrived if pool.queue else 0.0,
        "refused": {reason: {"count": n, "ago": time() - last} for reason, (n, last) in front.metrics.refused.items()},
        "recent": _recent(front),
        "estimate": None if pool.estimate == UNKNOWN else pool.estimate / 1_000_000,
        "budget": BUDGET / 1_000_000,
        "batching": pool.batching.facts(),
        "restarts": front.counts.restarts,
        "last_error": front.counts.last_error,
    }


def _worker(worker: Worker) -> dict[str, Any]:
    serves = worker.state == "admitted"
    first = next(iter(worker.running.values()), None)
    return {
        "id": worker.number,
        "state": worker.state,
        "phase": worker.reached,
        "since": worker.since,
        "holds": len(worker.running),
        "busy": 0.0 if first is None else monotonic() - first.arrived,
        "last": [] if serves else worker.tail(LAST).splitlines(),
    }


def _recent(front: Front) -> dict[str, Any]:
    queue, run, frames, joined, seconds = front.metrics.recent()
    return {
        "seconds": seconds,
        "requests": run.count,
        "queue": _summary(queue),
        "run": _summary(run),
        "frames": frames.count,
        "frame": frames.mean,
        "joined": {"runs": joined.count, "mean": joined.mean},
    }


def _summary(times: Histogram) -> dict[str, Any]:
    return {"mean": times.mean, "slowest": times.below(SHARE)}
