"""The tensors that a model takes and gives, read from the service's OpenAPI document; what is no tensor is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

FRAME = "pandas.DataFrame:records"
RESULT = "output-0"  # the name of a result that is one tensor
DATATYPES = {
    ("number", "float"): "FP32",
    ("number", "double"): "FP64",
    ("number", ""): "FP64",
    ("integer", ""): "INT64",
    ("boolean", ""): "BOOL",
    ("string", ""): "BYTES",
} | {("integer", f"{sign}int{bits}"): f"{sign}int{bits}".upper() for sign in ("", "u") for bits in (8, 16, 32, 64)}
MOST_DIMENSIONS = 32

Tensor = dict[str, Any]


def tensors(document: Any) -> tuple[list[Tensor], list[Tensor]]:
    """Inputs and outputs. The document may be the user's own, so that any part of it may be missing."""
    found = _mapping(json.loads(document) if isinstance(document, str) else document)
    schemas = _mapping(found.get("definitions") or _mapping(found.get("components")).get("schemas"))
    given, returned = _mapping(schemas.get("ServiceInput")), _mapping(schemas.get("ServiceOutput"))
    single = _tensor(RESULT, returned, returned.get("example"))
    return list(_named(given)), [single] if single else list(_named(returned))


def _named(schema: Mapping[str, Any]) -> Iterator[Tensor]:
    examples = _mapping(schema.get("example"))
    for name, content in _mapping(schema.get("properties")).items():
        part = _mapping(content)
        if part.get("format") == FRAME:
            yield from _columns(_mapping(part.get("items")))
        elif tensor := _tensor(name, part, part.get("example", examples.get(name))):
            yield tensor


def _columns(row: Mapping[str, Any]) -> Iterator[Tensor]:
    for name, content in _mapping(row.get("properties")).items():
        if tensor := _tensor(name, {"type": "array", "items": content}, None):
            yield tensor


def _tensor(name: str, schema: Mapping[str, Any], example: Any) -> Tensor | None:
    """Its first dimension is the number of rows, which may be any; of the others the example knows the size."""
    shape: list[int] = []
    while schema.get("type") == "array" and len(shape) < MOST_DIMENSIONS:
        shape.append(len(example) if shape and isinstance(example, list) else -1)
        example = example[0] if isinstance(example, list) and example else None
        schema = _mapping(schema.get("items"))
    kind = str(schema.get("type")), str(schema.get("format") or "")
    datatype = DATATYPES.get(kind) or DATATYPES.get((kind[0], ""))
    return {"name": name, "datatype": datatype, "shape": shape or [1]} if datatype else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
