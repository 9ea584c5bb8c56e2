"""The Open Inference Protocol's `infer`: named tensors in and out, as JSON or as bytes behind it."""

import json
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple

from ..inputs import Meta, Refused
from .given import Tensors
from .media import Encode, Encoded, head
from .results import OUTPUT, decoded, tensors
from .tensors import Tensor, from_bytes, from_json, shown, tensor, to_bytes

Content = Dict[str, Any]


class Asked(NamedTuple):
    """An infer request: the tensors, and what is wanted back."""

    given: Tensors
    parameters: Content
    identifier: Any
    outputs: Mapping[str, bool]  # the names that are wanted, all when empty; whether as bytes
    binary: bool


def read(meta: Meta, body: bytes) -> Asked:
    """Take a request apart; Refused says what is wrong with it."""
    content, data = _parts(str(meta.get("n", "")), body)
    identifier = content.get("id")
    if identifier is not None and not isinstance(identifier, str):
        raise Refused(400, f"The id is {shown(identifier)}; it must be a text.")
    parameters = _object(content, "parameters", "The request")
    binary = parameters.get("binary_data_output") is True
    outputs = dict(_output(one, binary) for one in _list(content, "outputs"))
    given = _inputs(_list(content, "inputs"), data)
    if not given:
        raise Refused(400, "The request has no inputs; it needs a list of at least one tensor under 'inputs'.")
    return Asked(Tensors({one.name: one.nested() for one in given}), parameters, identifier, outputs, binary)


def write(asked: Asked, meta: Meta, value: Any, encode: Encode) -> Encoded:
    """The head and body of the answer for what `run` returned."""
    blobs: List[bytes] = []
    outputs = [_described(one, binary, blobs) for one, binary in _wanted(asked, tensors(decoded(value), encode))]
    name, version = meta["model"]
    content: Content = {"model_name": name, "model_version": version, "outputs": outputs}
    if asked.identifier is not None:
        content["id"] = asked.identifier
    text = encode(content)
    if not any("parameters" in output for output in outputs):
        return b"", text
    kind = [["Content-Type", "application/octet-stream"], ["Inference-Header-Content-Length", str(len(text))]]
    return head(kind), b"".join((text, *blobs))


def _parts(length: str, body: bytes) -> Tuple[Content, bytes]:
    """The JSON object and the bytes behind it."""
    end = int(length) if length.isdecimal() and len(length) < 20 else -1 if length else len(body)
    if not 0 <= end <= len(body):
        told = f"Inference-Header-Content-Length is {shown(length)}"
        raise Refused(400, f"{told}; it is the length of the JSON in a body of {len(body)} bytes.")
    try:
        content = json.loads(body[:end])
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"The request is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise Refused(400, f"The request is {shown(content)}; it must be a JSON object with 'inputs'.")
    return content, body[end:]


def _inputs(entries: List[Content], data: bytes) -> List[Tensor]:
    found: Dict[str, Tensor] = {}
    position = 0
    for entry in entries:
        name = _name(entry, "input")
        if name in found:
            raise Refused(400, f"There are two inputs named {name!r}.")
        parameters = _object(entry, "parameters", f"The input {name!r}")
        if "shared_memory_region" in parameters:
            raise Refused(400, f"The input {name!r} lies in shared memory, which this server does not read.")
        empty = tensor(name, entry.get("datatype"), entry.get("shape"))
        if "binary_data_size" not in parameters:
            found[name] = from_json(empty, entry.get("data"))
            continue
        end = position + _size(name, parameters["binary_data_size"], len(data) - position)
        if entry.get("data") is not None:
            raise Refused(400, f"The input {name!r} has both 'data' and 'binary_data_size'; send one of them.")
        found[name] = from_bytes(empty, data[position:end])
        position = end
    if position < len(data):
        raise Refused(400, f"The body has {len(data) - position} bytes more than its inputs take.")
    return list(found.values())


def _size(name: str, size: Any, left: int) -> int:
    if type(size) is not int or not 0 <= size <= left:
        what = f"The input {name!r} has the binary_data_size {shown(size)}"
        raise Refused(400, f"{what}; behind the JSON and the inputs before it are {left} bytes.")
    return int(size)


def _output(entry: Content, binary: bool) -> Tuple[str, bool]:
    name = _name(entry, "output")
    parameters = _object(entry, "parameters", f"The output {name!r}")
    if parameters.get("classification") or "shared_memory_region" in parameters:
        raise Refused(400, f"The output {name!r} is wanted as classes or in shared memory, which this server has not.")
    return name, bool(parameters.get("binary_data", binary))


def _wanted(asked: Asked, made: List[Tensor]) -> List[Tuple[Tensor, bool]]:
    """What was asked for, in that order. A result without a name takes the one that the client gives it."""
    if not asked.outputs:
        return [(one, asked.binary) for one in made]
    if len(made) == 1 and made[0].name == OUTPUT and len(asked.outputs) == 1:
        made = [made[0]._replace(name=next(iter(asked.outputs)))]
    known = {one.name: one for one in made}
    for name in asked.outputs:
        if name not in known:
            raise Refused(400, f"No output named {name!r}. There are: {', '.join(known)}.")
    return [(known[name], binary) for name, binary in asked.outputs.items()]


def _described(one: Tensor, binary: bool, blobs: List[bytes]) -> Content:
    content: Content = {"name": one.name, "datatype": one.datatype, "shape": one.shape}
    if not binary:
        return {**content, "data": one.flat}
    blobs.append(to_bytes(one))
    return {**content, "parameters": {"binary_data_size": len(blobs[-1])}}


def _name(entry: Any, what: str) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(name, str):
        raise Refused(400, f"An {what} is {shown(entry)}; it must be an object with a name.")
    return name


def _object(content: Content, name: str, whose: str) -> Content:
    value = content.get(name)
    if value is not None and not isinstance(value, dict):
        raise Refused(400, f"{whose} has the {name} {shown(value)}; they must be an object.")
    return value or {}


def _list(content: Content, name: str) -> List[Any]:
    value = content.get(name)
    if value is not None and not isinstance(value, list):
        raise Refused(400, f"The {name} are {shown(value)}; they must be a list.")
    return value or []
