"""Does what a script in an environment without this package asks for: its objects live here, it has references."""

from __future__ import annotations

import json
import os
import shutil
import socketserver
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

from ...errors import MLDeployError
from ..run import Run

REFERENCE, FRAME = "mldeploy.reference", "mldeploy.frame"
# Modules of the SDK that a script may name, and what stands for them.
CORE = __name__.partition("._submission")[0]
HERE = {"azureml.core": CORE, "azureml.data": f"{CORE}._data", "azureml.exceptions": f"{CORE}.exceptions"}
REFUSED = (MLDeployError, AttributeError, ImportError, KeyError, TypeError, ValueError, OSError)


@contextmanager
def answering(run: Run) -> Iterator[str]:
    """Answer while the block runs; the address is a socket in a folder that only this user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="mlrun-"))
    lock = threading.Lock()  # of two calls at once the second waits: the working folder and a run's files are shared
    objects = Objects(run, folder)

    class Line(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with lock:
                self.wfile.write(json.dumps(objects.answer(json.loads(self.rfile.readline())), default=str).encode())

    with socketserver.ThreadingUnixStreamServer(str(folder / "run"), Line) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield str(folder / "run")
        finally:
            server.shutdown()
            thread.join()
            shutil.rmtree(folder, ignore_errors=True)


class Objects:
    """What the script has references to, by number; 0 is its run."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._objects: list[Any] = [run]
        self._folder = folder

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Do it in the script's own folder, so that its paths mean what they mean there."""
        before = Path.cwd()
        try:
            os.chdir(asked["folder"])
            return {"value": self._told(self._done(asked))}
        except REFUSED as error:
            return {"error": str(getattr(error, "message", error)), "kind": type(error).__name__}
        finally:
            os.chdir(before)

    def _done(self, asked: dict[str, Any]) -> Any:
        found = self._objects[asked["on"][REFERENCE]] if "on" in asked else _named(*asked["path"])
        if "value" in asked:
            return setattr(found, asked["attribute"], self._meant(asked["value"]))
        if "call" not in asked:
            return _member(found, asked["attribute"]) if "attribute" in asked else _shown(found)
        call = getattr(found, asked["call"]) if asked["call"] else found
        return call(*self._meant(asked["args"]), **self._meant(asked["kwargs"]))

    def _told(self, value: Any) -> Any:
        """A value as JSON; an object as a reference, a table as a file."""
        if value is None or isinstance(value, (str, int, float, bool)):
            return value
        if isinstance(value, Mapping):
            return {str(key): self._told(each) for key, each in value.items()}
        if isinstance(value, (list, tuple, set, frozenset, Iterator)):
            return [self._told(each) for each in value]
        if hasattr(value, "to_csv"):
            return self._table(value)
        if isinstance(value, (datetime, Path)):
            return str(value)
        if hasattr(value, "tolist"):  # NumPy's
            return value.tolist()
        self._objects.append(value)
        return {REFERENCE: len(self._objects) - 1, "title": repr(value)}

    def _table(self, frame: Any) -> dict[str, Any]:
        """As CSV, which any version of pandas reads, with the columns that hold dates."""
        handle, path = tempfile.mkstemp(".csv", dir=self._folder)
        os.close(handle)
        frame.to_csv(path, index=False)
        return {FRAME: path, "dates": [str(column) for column, kind in frame.dtypes.items() if kind.kind == "M"]}

    def _meant(self, value: Any) -> Any:
        """What the script gave: its references as what they refer to."""
        if isinstance(value, list):
            return [self._meant(each) for each in value]
        if not isinstance(value, dict):
            return value
        if REFERENCE in value:
            return self._objects[value[REFERENCE]]
        if FRAME in value:
            frame = import_module("pandas").read_csv(value[FRAME], parse_dates=value["dates"])
            Path(value[FRAME]).unlink()
            return frame
        return {key: self._meant(each) for key, each in value.items()}


def _named(module: str, *names: str) -> Any:
    """What an SDK name means here."""
    root = ".".join(module.split(".")[:2])
    parts = ".".join(names).split(".")
    if root not in HERE or any(part.startswith("_") for part in [*module.split("."), *parts]):
        raise ImportError(f"{module}.{parts[0]} is not there for a script whose environment lacks jupyter-mldeploy.")
    return reduce(getattr, parts, import_module(HERE[root] + module.removeprefix(root)))


def _member(owner: Any, name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return _shown(getattr(owner, name))


def _shown(found: Any) -> Any:
    """What is called is asked for again, with its arguments."""
    if isinstance(found, type):
        return {"class": True}
    return {"method": True} if callable(found) else found
