"""From a front's facts to sentences: why it is not ready, why 503, why slow, why no batch formed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import gmtime, strftime
from typing import Any

Facts = Mapping[str, Any]

DOING = {
    "spawned": "starting its Python interpreter",
    "debugger": "waiting for the debugger at AZUREML_DEBUG_PORT",
    "importing": "importing the script",
    "init": "running init()",
    "ready": "ready, and waits for the other workers",
    "draining": "finishing its last requests",
    "condemned": "being stopped",
}
REFUSED = {
    "starting": "because no worker was ready yet",
    "failed": "because the service had failed",
    "draining": "because the service was stopping",
    "queue full": "because the queue was full",
    "waited too long": "because they had waited for a worker as long as is allowed",
    "too much ahead": "because so much waited already that they would have waited longer than is allowed",
}
QUICK = 0.01  # seconds; a request that takes less altogether is not slow
LONG = 1.0  # seconds that a request may be at work before it is worth a sentence
MANY = 1.05  # requests a frame, on average, from which on batches form


def explain(facts: Facts, now: float) -> list[str]:
    """What there is to say, the gravest first; `now` is in seconds since the epoch."""
    return [*not_ready(facts, now), *refused(facts), *slow(facts), *batch(facts)]


def not_ready(facts: Facts, now: float) -> Iterator[str]:
    """Who serves, and what those that do not are doing."""
    phase, ready, wanted = facts["phase"], facts["ready"], facts["wanted"]
    if phase == "failed":
        yield f"It failed in phase {facts['during']}: {facts['reason']}"
        yield from _quoted("The script's traceback", facts["traceback"].splitlines())
        yield from _quoted("Its last lines", facts["log"].splitlines()[-5:])
        yield "Correct the script, then reload the service."
    elif phase == "draining":
        yield "It is stopping: requests that run are finished, new ones are not taken."
    elif ready:
        yield f"It is ready: {ready} of {_count(wanted, 'worker')} {'serves' if ready == 1 else 'serve'}."
    else:
        yield "It is not ready: no worker serves."
    for worker in facts["workers"]:
        if worker["state"] != "admitted":
            since = strftime("%H:%M:%S", gmtime(worker["since"]))
            doing = DOING.get(worker["state"], worker["state"])
            yield f"Worker {worker['id']} has been {doing} for {duration(now - worker['since'])}, since {since} UTC."
            yield from _quoted("Its last lines", worker["last"])
    if facts["restarts"]:
        yield f"Workers died and were replaced {facts['restarts']} times. The last error: {facts['last_error']}"


def refused(facts: Facts) -> Iterator[str]:
    """Why requests were answered with 503."""
    for reason, seen in facts["refused"].items():
        why = REFUSED.get(reason, f"in phase {reason}")
        ago = duration(seen["ago"])
        yield f"{_count(seen['count'], 'request')} got 503 {why}, the last {ago} ago."
        if reason == "queue full":
            limits = [f"{facts['queue_limit']} requests", f"{facts['queue_bytes']} bytes"]
            limits += [f"{facts['max_concurrent']} requests a worker"] * bool(facts["max_concurrent"])
            yield f"It takes {' or '.join(limits)}: fewer callers at once, a faster run or more workers keep it short."
        elif reason in ("waited too long", "too much ahead"):
            yield f"The limit is {duration(facts['max_wait'])}."


def slow(facts: Facts) -> Iterator[str]:
    """Whether time goes to the queue or to the model."""
    for worker in facts["workers"]:
        if worker["busy"] > LONG:
            yield f"Worker {worker['id']} has a request at hand that came {duration(worker['busy'])} ago."
    if facts["queued"]:
        yield f"{_count(facts['queued'], 'request')} in the queue, the first for {duration(facts['waiting'])}."
    recent = facts["recent"]
    if not recent["requests"]:
        yield f"No run has returned in the last {duration(recent['seconds'])}."
        return
    queue, run = recent["queue"]["mean"], recent["run"]["mean"]
    yield (
        f"In the last {duration(recent['seconds'])}, {_count(recent['requests'], 'request')} took "
        f"{duration(queue + run)} on average: {duration(queue)} to reach a worker and back, {duration(run)} in run."
    )
    if queue + run < QUICK:
        yield "That is not slow."
    elif queue > run:
        yield f"The queue is what is slow: {_count(facts['ready'], 'worker')} cannot keep up. More workers would help."
    else:
        yield f"The model is what is slow: 95 % of the runs take {_at_most(recent['run']['slowest'])}."


def batch(facts: Facts) -> Iterator[str]:
    """Whether requests travel to the workers together or are joined, and if not, why not."""
    recent, batching = facts["recent"], facts.get("batching", {"state": "off"})  # none from an older front
    if batching["state"] == "refused":
        yield f"Batching is off because {batching['why_not']}."
    if not recent["frames"]:
        return
    if batching["state"] in ("unchecked", "on"):
        yield from _joined(recent["joined"], batching, recent["frames"])
    elif recent["frame"] >= MANY:
        yield f"Requests travel to the workers in batches of {recent['frame']:.1f} on average."
    else:
        yield _why_single(facts)


def _why_single(facts: Facts) -> str:
    estimate, budget = facts["estimate"], facts["budget"]
    if estimate is None:
        return "No batch formed: how long a run takes is not known before the first has returned."
    if estimate * 2 > budget:
        return (
            f"No batch formed: a run takes {duration(estimate)}, and requests travel together only while they are "
            f"expected to run for {duration(budget)} altogether."
        )
    return "No batch formed: hardly ever did two requests wait at the same time."


def _joined(recent: Facts, batching: Facts, frames: int) -> Iterator[str]:
    """With batching on: what was joined, and what stood in the way."""
    released, sample = batching["released"], batching["sample"]
    if recent["mean"] >= MANY:
        yield f"Requests are joined: {recent['mean']:.1f} to a run on average, in {recent['runs']} of {frames} frames."
    if batching["state"] == "unchecked" and not sample["bodies"]:
        yield (
            'No batch formed: no body of the shape {"data": [rows]} was answered well yet. '
            "On the first ones the server checks that joined rows get the same answers."
        )
    elif batching["state"] == "unchecked":
        yield f"No batch formed: {_many(sample['bodies'], 'body', 'bodies')} to check joining on, and no check is done."
    elif batching["load"] > 1 and batching["size"] == 1 and batching["gain"]:
        yield (
            f"With about {batching['load']} requests at a time joining does not pay: {batching['gain']:.2f} times "
            "as many requests a second. It is tried again now and then."
        )
    elif recent["mean"] < MANY:
        yield "No batch formed: hardly ever did two requests wait at the same time."
    if released.get("alone", 0) > sum(released.values()) / 2:
        yield 'Most requests go alone: only bodies of the shape {"data": [rows]} up to 64 KiB are joined.'


def duration(seconds: float) -> str:
    """A time as people say it: 0.4 ms, 25 ms, 3.2 s, 12 min."""
    if seconds < 1:
        return f"{seconds * 1000:.{0 if seconds >= 0.01 else 1}f} ms"
    if seconds < 600:
        return f"{seconds:.{0 if seconds >= 10 else 1}f} s"
    return f"{seconds / 60:.0f} min" if seconds < 36_000 else f"{seconds / 3600:.0f} h"


def _quoted(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield "\n".join([f"{title}:", *(f"    {line}" for line in lines)])


def _count(number: int, noun: str) -> str:
    return _many(number, noun, f"{noun}s")


def _many(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _at_most(bound: float | None) -> str:
    return "over a minute" if bound is None else f"at most {duration(bound)}"
