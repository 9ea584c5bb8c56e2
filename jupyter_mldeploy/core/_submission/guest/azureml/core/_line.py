"""The line to the process that runs this script: what stands here are references to objects that live there."""

from __future__ import annotations

import builtins
import json
import os
import socket
import tempfile
from importlib import import_module
from typing import Any, Callable

ADDRESS = "MLDEPLOY_RUN_SOCKET"
REFERENCE, FRAME = "mldeploy.reference", "mldeploy.frame"


def ask(**question: Any) -> Any:
    """Have it done there, in this folder; what is refused there is raised here, in the words of there."""
    text = json.dumps({**_sent(question), "folder": os.getcwd()}, default=_plain)
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(os.environ[ADDRESS])
        line.sendall(text.encode() + b"\n")
        answer = json.loads(line.makefile("rb").readline())
    if "error" in answer:
        kind = getattr(builtins, answer["kind"], None) or getattr(import_module("azureml.exceptions"), answer["kind"])
        raise kind(answer["error"])
    return _received(answer["value"])


class Reference:
    """An object of the other process. Its attributes and methods are those that it has there."""

    def __init__(self, number: int, title: str) -> None:
        self.__dict__.update(_number=number, _title=title)

    def __repr__(self) -> str:
        return str(self._title)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = ask(on=self, attribute=name)
        return _caller(self, name) if found == {"method": True} else found

    def __setattr__(self, name: str, value: Any) -> None:
        ask(on=self, attribute=name, value=value)

    def __enter__(self) -> Reference:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        ask(on=self, call="complete" if kind is None else "fail", args=[], kwargs={})


class Class:
    """A class of the SDK, whose objects are made there."""

    def __init__(self, module: str, name: str) -> None:
        self._path = [module, name]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return ask(path=self._path, call="", args=args, kwargs=kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        path = [*self._path, name]
        found = ask(path=path)
        if found == {"method": True}:
            return lambda *args, **kwargs: ask(path=path, call="", args=args, kwargs=kwargs)
        return Class(path[0], ".".join(path[1:])) if found == {"class": True} else found


def _caller(on: Any, name: str) -> Callable[..., Any]:
    return lambda *args, **kwargs: ask(on=on, call=name, args=args, kwargs=kwargs)


def _sent(value: Any) -> Any:
    """What JSON cannot hold, as what stands for it."""
    if isinstance(value, dict):
        return {str(key): _sent(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, range)):
        return [_sent(each) for each in value]
    if isinstance(value, Reference):
        return {REFERENCE: value._number}
    if hasattr(value, "to_csv") and hasattr(value, "columns"):
        return {FRAME: _written(value), "dates": [str(c) for c, kind in value.dtypes.items() if kind.kind == "M"]}
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _received(value: Any) -> Any:
    if isinstance(value, list):
        return [_received(each) for each in value]
    if not isinstance(value, dict):
        return value
    if REFERENCE in value:
        return Reference(value[REFERENCE], value["title"])
    if FRAME in value:
        pandas = import_module("pandas")
        frame = pandas.read_csv(value[FRAME], parse_dates=value["dates"])
        os.remove(value[FRAME])
        return frame
    return {key: _received(each) for key, each in value.items()}


def _written(frame: Any) -> str:
    """A table as CSV, which any version of pandas reads, in the folder of the line; who reads it removes it."""
    handle, path = tempfile.mkstemp(".csv", dir=os.path.dirname(os.environ[ADDRESS]))
    os.close(handle)
    frame.to_csv(path, index=False)
    return path


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's; anything else as its text."""
    convert = getattr(value, "tolist", None)
    return convert() if convert else repr(value)
