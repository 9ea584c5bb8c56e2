"""What a run measured. Numbers are MLflow metrics; what MLflow has no form for (rows, tables, texts) is a small file
of ours beside the run's artifacts, so that any number of processes can add to it."""

from __future__ import annotations

import json
import math
import posixpath
import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, cast
from uuid import uuid4

from ..errors import InvalidInput
from . import artifacts, runs
from .answers import quiet, translated
from .artifacts import OURS
from .store import Store

Kind = Literal["scalar", "list", "row", "table", "image", "object"]
RECORDS = f"{OURS}/metrics"
BATCH = 1000  # MLflow takes no more at once


@dataclass(frozen=True)
class Logged:
    """What one call logs: each of `values` is a number, a text, JSON, or a dict for a row or a table."""

    name: str
    values: Sequence[Any]
    kind: Kind = "scalar"
    step: int | None = None


@dataclass(frozen=True)
class Entry:
    """One value as it was logged, and when (milliseconds, then order within them)."""

    name: str
    kind: Kind
    value: Any
    time: tuple[int, int]


class Clock:
    """Milliseconds that never repeat in this process: MLflow takes an equal value at an equal time for the same one."""

    def __init__(self) -> None:
        self._last, self._lock = 0, threading.Lock()

    def take(self, count: int) -> int:
        """The first of `count` milliseconds that nobody else gets."""
        with self._lock:
            first = max(int(time.time() * 1000), self._last + 1)
            self._last = first + count - 1
        return first


CLOCK = Clock()


def log(store: Store, run_id: str, given: Logged) -> None:
    """Keep what is given, as MLflow's metric or as a record of ours."""
    if not given.name:
        raise InvalidInput("A metric needs a name, and an empty text was given.")
    run = runs.found(store, run_id)
    first = CLOCK.take(max(1, len(given.values)))
    if given.kind in ("scalar", "list") and _metric_name(given.name) and all(map(_number, given.values)):
        _log_numbers(store, run_id, given, first)
    elif given.values:
        file = f"{RECORDS}/{first:015d}-{uuid4().hex[:8]}.json"
        artifacts.write_record(store, str(run.info.artifact_uri), file, _record(given, first))


def _record(given: Logged, first: int) -> bytes:
    record = {"name": given.name, "kind": given.kind, "time": first, "step": given.step, "values": list(given.values)}
    try:
        return json.dumps(record).encode()
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"The value of {given.name!r} cannot be kept: {error}.") from error


def _log_numbers(store: Store, run_id: str, given: Logged, first: int) -> None:
    from mlflow.entities import Metric

    rows = [Metric(given.name, float(v), first + i, given.step or 0) for i, v in enumerate(given.values)]
    with translated(), quiet():
        for start in range(0, len(rows), BATCH):
            store.client.log_batch(run_id, metrics=rows[start : start + BATCH])


def _number(value: Any) -> bool:
    """Whether MLflow gives the number back as it was: no truth value, no infinity, no integer beyond a double's."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= 2**53
    return isinstance(value, float) and not math.isinf(value)


def _metric_name(name: str) -> bool:
    return re.fullmatch(r"[/\w.\- :]{1,250}", name) is not None and not (
        posixpath.normpath(name) != name or name.startswith(("/", "..")) or name == "."
    )


def read(store: Store, run_id: str) -> dict[str, Any]:
    """Name → value, or the list of values when there are several; rows and tables as column → value or list."""
    run = runs.found(store, run_id)
    named: dict[str, list[Entry]] = {}
    for entry in sorted([*_numbers(store, run), *_records(store, str(run.info.artifact_uri))], key=lambda e: e.time):
        named.setdefault(entry.name, []).append(entry)
    return {name: _shown(entries) for name, entries in named.items()}


def _numbers(store: Store, run: Any) -> Iterator[Entry]:
    with translated():
        for name in run.data.metrics:
            for order, metric in enumerate(store.client.get_metric_history(run.info.run_id, name)):
                yield Entry(name, "scalar", metric.value, (metric.timestamp, order))


def _records(store: Store, uri: str) -> Iterator[Entry]:
    for text in _record_texts(store, uri):
        record = json.loads(text)
        for order, value in enumerate(record["values"]):
            yield Entry(record["name"], record["kind"], value, (record["time"], order))


def _record_texts(store: Store, uri: str) -> Iterator[bytes]:
    folder = artifacts.local(uri)
    if folder:
        yield from (path.read_bytes() for path in sorted((folder / RECORDS).glob("*.json")))
    elif artifacts.exists(store, uri, OURS):
        with TemporaryDirectory(prefix="mldeploy-") as place:
            with translated(), quiet():
                artifacts.repository(store, uri).download_artifacts(RECORDS, dst_path=place)
            yield from (path.read_bytes() for path in sorted(Path(place, RECORDS).glob("*.json")))


def _shown(entries: list[Entry]) -> Any:
    if all(entry.kind in ("row", "table") for entry in entries):
        return _columns([cast(dict[str, Any], entry.value) for entry in entries])
    values = [entry.value for entry in entries]
    return values[0] if len(values) == 1 else values


def _columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows side by side: a column that a row lacks is None there; a table's columns are lists and go on end to end."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns: dict[str, Any] = {}
    for name in names:
        cells = [cell for row in rows for cell in _cells(row, name)]
        columns[name] = cells[0] if len(cells) == 1 and not isinstance(rows[0].get(name), list) else cells
    return columns


def _cells(row: dict[str, Any], name: str) -> list[Any]:
    cell = row.get(name)
    return cell if isinstance(cell, list) else [cell]
