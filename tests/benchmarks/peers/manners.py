"""A request and an answer in each server's own words. The data are the same; only what is around them differs."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Body:
    """A request: its bytes and their type."""

    content: bytes
    kind: str = "application/json"


@dataclass(frozen=True)
class Manner:
    """How a server is asked: the path, what is put around the data, and what is taken off the answer."""

    path: str
    wrap: Callable[[Any], Body]
    unwrap: Callable[[Any], Any] = lambda answer: answer


def data(given: Any) -> Body:
    if isinstance(given, bytes):
        return Body(given, "application/octet-stream")
    return Body(json.dumps({"data": given}).encode())


def inputs(given: Any) -> Body:
    return Body(json.dumps({"inputs": given}).encode())


def form(given: Any) -> Body:
    """Bytes as a file of a form; numbers as ever."""
    if not isinstance(given, bytes):
        return data(given)
    head = b'--bench\r\nContent-Disposition: form-data; name="data"; filename="data"\r\n'
    head += b"Content-Type: application/octet-stream\r\n\r\n"
    return Body(head + given + b"\r\n--bench--\r\n", "multipart/form-data; boundary=bench")


def open_inference(given: Any) -> Body:
    """The Open Inference Protocol's JSON, which has bytes as base64."""
    if isinstance(given, bytes):
        tensor = {"shape": [1], "datatype": "BYTES", "data": [base64.b64encode(given).decode()]}
        return _tensor({**tensor, "parameters": {"content_type": "base64"}})
    return _tensor({"shape": _shape(given), "datatype": "FP64", "data": given})


def _tensor(tensor: dict[str, Any]) -> Body:
    return Body(json.dumps({"inputs": [{"name": "data", **tensor}]}).encode())


def _shape(values: Any) -> list[int]:
    return [len(values), *_shape(values[0])] if isinstance(values, list) else []


def predictions(answer: Any) -> Any:
    return answer["predictions"]


def outputs(answer: Any) -> Any:
    """The values of an Open Inference answer, nested again; a vector may be written as a column."""
    (output,) = answer["outputs"]
    values, shape = output["data"], output["shape"]
    shape = shape[:-1] if shape[-1] == 1 else shape
    while len(shape) > 1:
        *shape, width = shape
        values = [values[at : at + width] for at in range(0, len(values), width)]
    return values


PLAIN = Manner("/score", data)
FORM = Manner("/score", form)
MLFLOW = Manner("/invocations", inputs, predictions)
OPEN_INFERENCE = Manner("/v2/models/bench/infer", open_inference, outputs)
