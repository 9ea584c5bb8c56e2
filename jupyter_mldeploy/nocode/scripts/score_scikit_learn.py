"""Serves one scikit-learn model, with the requests that the no-code server of Azure's SDK v1 took.

`{"data": rows}` is answered by `{"predict": […]}`; `"method"` names another method of the model, for example
`{"data": rows, "method": "predict_proba"}`. A row is a list of numbers, or an object of values by column.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, List

import joblib
import numpy as np
from azureml.contrib.services.aml_response import AMLResponse

METHODS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score_samples",
    "transform",
    "apply",
)
SUFFIXES = (".pkl", ".pickle", ".joblib", ".sav", ".model")
# Pickles of protocol 2 on, and 0; then zlib, gzip, bzip2, xz, lzma and lz4, which joblib writes.
HEADS = (b"\x80", b"c", b"(", b"\x78", b"\x1f\x8b", b"BZh", b"\xfd7z", b"\x5d\0\0", b"\x04\x22M\x18")
model: Any


def init() -> None:
    """Load the model; joblib reads its own files and plain pickles alike."""
    global model
    path = model_file(Path(os.environ["AZUREML_MODEL_DIR"]))
    with path.open("rb") as file:
        head = file.read(8)
    if not head.startswith(HEADS):
        raise RuntimeError(f"{path.name} is no pickle and no joblib file: it begins with {head!r}.")
    model = joblib.load(path)
    print(f"{path.name}: {type(model).__name__}, methods {', '.join(methods())}")


def run(raw_data: str) -> Any:
    """Answer one request; one that cannot work gets status 400 and says why."""
    try:
        request = json.loads(raw_data)
    except ValueError as error:
        return refused(f"The body is no JSON: {error}.")
    if not isinstance(request, dict) or "data" not in request:
        return refused('The body needs "data", a list of rows, as in {"data": [[1.0, 2.0]], "method": "predict"}.')
    method = request.get("method", "predict")
    if method not in methods():
        return refused(
            f"A {type(model).__name__} has no method {method!r} to score with. It has {', '.join(methods())}."
        )
    try:
        rows = table(request["data"])
        return {method: plain(getattr(model, method)(rows))}
    except (ValueError, TypeError, KeyError) as error:  # what scikit-learn raises for rows that do not fit the model
        return refused(f"{type(error).__name__}: {error}")


def model_file(place: Path) -> Path:
    """The one model file that was registered, alone or inside a folder."""
    files = [path for path in sorted(place.rglob("*")) if path.is_file()]
    found = files if len(files) == 1 else [path for path in files if path.suffix in SUFFIXES]
    if len(found) != 1:
        names = ", ".join(str(path.relative_to(place)) for path in files) or "none"
        raise RuntimeError(f"One model file ({', '.join(SUFFIXES)}) is needed in the registered model; found: {names}.")
    return found[0]


def methods() -> List[str]:
    return [name for name in METHODS if callable(getattr(model, name, None))]


def table(data: Any) -> Any:
    """Rows as the model was trained with them: by column name where it knows names, else as an array."""
    records = isinstance(data, list) and bool(data) and all(isinstance(row, dict) for row in data)
    names = getattr(model, "feature_names_in_", None)
    if records or isinstance(data, dict) or names is not None:
        import pandas

        frame = pandas.DataFrame(data)
        if names is None or records or isinstance(data, dict):
            return frame if names is None else frame[list(names)]
        if frame.shape[1] == len(names):
            return frame.set_axis(list(names), axis=1)
    return np.asarray(data)


def plain(result: Any) -> Any:
    """What a model returns, as JSON can hold it: arrays, sparse matrices, frames, and lists of these."""
    if isinstance(result, np.ndarray):
        return result.tolist()
    if hasattr(result, "toarray"):
        return result.toarray().tolist()
    if hasattr(result, "to_numpy"):
        return result.to_numpy().tolist()
    if isinstance(result, dict):
        return {str(key): plain(value) for key, value in result.items()}
    if hasattr(result, "__iter__") and not isinstance(result, (str, bytes)):
        return [plain(part) for part in result]
    return result.item() if hasattr(result, "item") else result


def refused(why: str) -> AMLResponse:
    return AMLResponse({"error": why}, 400, json_str=True)
