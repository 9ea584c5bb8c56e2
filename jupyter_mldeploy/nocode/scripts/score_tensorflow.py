"""Serves one TensorFlow SavedModel, with the requests and answers of TensorFlow Serving's REST interface, which was the
no-code server of Azure's SDK v1.

`{"instances": rows}` is answered by `{"predictions": rows}`; `{"inputs": …}` by `{"outputs": …}`, in columns.
`"signature_name"` chooses a signature; bytes are written `{"b64": "…"}`.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from pathlib import Path
from typing import Any, Dict, List

import tensorflow as tf
from azureml.contrib.services.aml_response import AMLResponse

DEFAULT = "serving_default"
loaded: Any
signatures: Dict[str, Any]


class BadRequest(Exception):
    """A request that cannot be read, or does not fit the model."""


def init() -> None:
    """Load the SavedModel; it stays referenced, since its signatures do not keep it."""
    global loaded, signatures
    loaded = tf.saved_model.load(str(model_folder(Path(os.environ["AZUREML_MODEL_DIR"]))))
    signatures = dict(loaded.signatures)
    print(f"signatures: {', '.join(signatures) or 'none'}")


def model_folder(place: Path) -> Path:
    """The one SavedModel that was registered; of folders named by numbers the highest, as TensorFlow Serving has it."""
    found = [path.parent for path in place.rglob("saved_model.pb")]
    if len(found) > 1 and all(path.name.isdigit() for path in found):
        return max(found, key=lambda path: int(path.name))
    if len(found) != 1:
        names = ", ".join(sorted(str(path.relative_to(place)) for path in found)) or "none"
        raise RuntimeError(f"One SavedModel is needed in the registered folder; found: {names}.")
    return found[0]


def run(raw_data: str) -> Any:
    """Answer one request; one that cannot work gets status 400 and says why."""
    try:
        request = json.loads(raw_data)
        if not isinstance(request, dict) or ("instances" in request) == ("inputs" in request):
            raise BadRequest('The body needs "instances", a list of rows, or "inputs", and not both.')
        return answer(request)
    except (BadRequest, ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        return AMLResponse({"error": str(error)}, 400, json_str=True)


def answer(request: Dict[str, Any]) -> Dict[str, Any]:
    function = signature(str(request.get("signature_name", DEFAULT)))
    specs = function.structured_input_signature[1]
    if "instances" in request:
        rows = request["instances"]
        found = call(function, specs, columns(rows, list(specs)))
        if len(found) == 1:
            return {"predictions": next(iter(found.values()))}
        return {"predictions": [dict(zip(found, row)) for row in zip(*found.values())]}
    given = request["inputs"]
    found = call(function, specs, given if by_name(given, specs) else {only(list(specs)): given})
    return {"outputs": next(iter(found.values())) if len(found) == 1 else found}


def signature(name: str) -> Any:
    if name not in signatures:
        raise BadRequest(f"No signature {name!r}. The model has: {', '.join(signatures) or 'none'}.")
    return signatures[name]


def columns(rows: Any, names: List[str]) -> Dict[str, Any]:
    """Rows of one input, or objects of several, as values by input."""
    if not isinstance(rows, list):
        raise BadRequest('"instances" is a list of rows.')
    if rows and all(isinstance(row, dict) and "b64" not in row for row in rows):
        missing = [name for name in names if any(name not in row for row in rows)]
        if missing:
            raise BadRequest(f"Some instances lack {', '.join(missing)}. The inputs are {', '.join(names)}.")
        return {name: [row[name] for row in rows] for name in names}
    return {only(names): rows}


def by_name(given: Any, specs: Dict[str, Any]) -> bool:
    return isinstance(given, dict) and set(given) == set(specs)


def only(names: List[str]) -> str:
    if len(names) != 1:
        raise BadRequest(f"Give the inputs by name: {', '.join(names)}.")
    return names[0]


def call(function: Any, specs: Dict[str, Any], values: Dict[str, Any]) -> Dict[str, Any]:
    feed = {name: tf.constant(decoded(values[name]), dtype=spec.dtype) for name, spec in specs.items()}
    return {name: plain(tensor.numpy().tolist()) for name, tensor in function(**feed).items()}


def decoded(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"b64"}:
        try:
            return base64.b64decode(value["b64"], validate=True)
        except binascii.Error as error:
            raise BadRequest(f"b64: {error}.") from None
    return [decoded(each) for each in value] if isinstance(value, list) else value


def plain(value: Any) -> Any:
    """Bytes as text, or as `{"b64": …}` where they are none."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}
