"""Serves one ONNX model by onnxruntime, with the requests that the no-code ONNX server of Azure's SDK v1 took.

The request is its `PredictRequest`, as JSON or as binary protobuf by the `Content-Type`; the answer its
`PredictResponse`, in the form that `Accept` names, else in the request's. Plain lists do as well: `{"data": rows}` for
a model with one input, or `{"inputs": {name: rows}}`, are answered with plain lists.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import struct
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple, Union

import numpy as np
import onnxruntime
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument

PROTOBUF = ("application/x-protobuf", "application/vnd.google.protobuf", "application/octet-stream")
# Element types by their number in a TensorProto: how they lie in raw_data, and as onnxruntime names them.
TYPES = {
    1: ("<f4", "float"),
    2: ("u1", "uint8"),
    3: ("i1", "int8"),
    4: ("<u2", "uint16"),
    5: ("<i2", "int16"),
    6: ("<i4", "int32"),
    7: ("<i8", "int64"),
    8: ("O", "string"),
    9: ("?", "bool"),
    10: ("<f2", "float16"),
    11: ("<f8", "double"),
    12: ("<u4", "uint32"),
    13: ("<u8", "uint64"),
}
NUMBERS = {name: number for number, (_, name) in TYPES.items()}
# Field of a TensorProto → its name in JSON, and how its numbers are packed: v a varint, else as struct has it.
VALUES = {
    4: ("floatData", "f"),
    5: ("int32Data", "v"),
    6: ("stringData", "s"),
    7: ("int64Data", "v"),
    10: ("doubleData", "d"),
    11: ("uint64Data", "v"),
}
session: Any
inputs: Dict[str, Any]
outputs: Dict[str, Any]


class BadRequest(Exception):
    """A request that cannot be read, or does not fit the model."""


class Predict(NamedTuple):
    """A request: arrays by input name, the outputs that are wanted (none: all), and whether plain lists were given."""

    inputs: Dict[str, Any]
    wanted: List[str]
    plain: bool = False


def init() -> None:
    """Load the model; onnxruntime takes as many threads as the service gives a worker."""
    global session, inputs, outputs
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    path = model_file(Path(os.environ["AZUREML_MODEL_DIR"]))
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    inputs = {each.name: each for each in session.get_inputs()}
    outputs = {each.name: each for each in session.get_outputs()}
    print(f"{path.name}: inputs {described(inputs)}; outputs {described(outputs)}")


@rawhttp
def run(request: Any) -> Any:
    """Answer one request; one that cannot work gets status 400 and says why."""
    binary = request.mimetype in PROTOBUF
    answer_binary = binary
    accepted = request.headers.get("Accept", "").partition(";")[0].strip().lower()
    if accepted == "application/json" or accepted in PROTOBUF:
        answer_binary = accepted in PROTOBUF
    try:
        if request.method != "POST":
            raise BadRequest("Send the request by POST.")
        asked = read_binary(request.get_data()) if binary else read_json(request.get_data())
        found = predict(asked)
        if answer_binary:
            return AMLResponse(write_binary(found), 200, {"Content-Type": accepted or PROTOBUF[0]})
        return AMLResponse(write_json(found, asked.plain), 200, json_str=True)
    except BadRequest as error:
        return AMLResponse({"error_code": 400, "error_message": str(error)}, 400, json_str=True)


def model_file(place: Path) -> Path:
    """The one .onnx file that was registered, alone or inside a folder."""
    found = sorted(place.rglob("*.onnx")) or [path for path in place.rglob("*") if path.is_file()]
    if len(found) != 1:
        names = ", ".join(str(path.relative_to(place)) for path in found) or "none"
        raise RuntimeError(f"One ONNX file is needed in the registered model; found: {names}.")
    return found[0]


def described(nodes: Dict[str, Any]) -> str:
    return ", ".join(f"{node.name}: {node.type} {node.shape}" for node in nodes.values())


def predict(asked: Predict) -> Dict[str, Any]:
    """The wanted outputs by name."""
    unknown = [name for name in asked.inputs if name not in inputs]
    missing = [name for name in inputs if name not in asked.inputs]
    if unknown or missing:
        wrong = [f"unknown: {', '.join(unknown)}"] if unknown else []
        wrong += [f"missing: {', '.join(missing)}"] if missing else []
        raise BadRequest(f"The inputs do not fit the model ({'; '.join(wrong)}). It takes {described(inputs)}.")
    strange = [name for name in asked.wanted if name not in outputs]
    if strange:
        raise BadRequest(f"No output {', '.join(strange)}. The model has {described(outputs)}.")
    names = asked.wanted or list(outputs)
    feed = {name: fitting(name, value, asked.plain) for name, value in asked.inputs.items()}
    try:
        return dict(zip(names, session.run(names, feed)))
    except InvalidArgument as error:
        raise BadRequest(f"{error} The model takes {described(inputs)}.") from None


def fitting(name: str, value: Any, plain: bool) -> Any:
    """An array of the element type that the model's input has; plain lists are converted, tensors have to be of it."""
    wanted = element(inputs[name].type)
    try:
        array = np.asarray(value, dtype=np.dtype(TYPES[NUMBERS[wanted]][0])) if plain else value
    except (ValueError, TypeError, OverflowError) as error:
        raise BadRequest(f"Input {name} takes {inputs[name].type} {inputs[name].shape}: {error}.") from None
    if type_name(array) != wanted:
        raise BadRequest(f"Input {name} takes {inputs[name].type}, not {type_name(array)}.")
    return array


def element(type_text: str) -> str:
    """`float` of `tensor(float)`."""
    name = type_text.partition("(")[2].rstrip(")")
    if not type_text.startswith("tensor(") or name not in NUMBERS:
        raise BadRequest(f"The model takes {type_text}, which no request can carry.")
    return name


def type_name(array: Any) -> str:
    kind = array.dtype
    if kind.kind in "OUS":
        return "string"
    return next((name for text, name in TYPES.values() if np.dtype(text) == kind.newbyteorder("<")), str(kind))


# JSON, by protobuf's own mapping: camel case or the field's own names, 64-bit numbers as texts, bytes as base64.


def read_json(body: bytes) -> Predict:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is no JSON ({error}). Binary requests need Content-Type {PROTOBUF[0]}.") from None
    if not isinstance(content, dict) or not ("inputs" in content or "data" in content):
        raise BadRequest('The body needs "inputs", an object of tensors by name, or "data" for a model of one input.')
    wanted = content.get("outputFilter", content.get("output_filter", []))
    if not isinstance(wanted, list):
        raise BadRequest('"outputFilter" is a list of names.')
    if "inputs" not in content:
        if len(inputs) != 1:
            raise BadRequest(f'"data" does for a model of one input; this one takes {described(inputs)}.')
        return Predict({next(iter(inputs)): content["data"]}, [str(name) for name in wanted], plain=True)
    given = content["inputs"]
    if not isinstance(given, dict):
        raise BadRequest('"inputs" is an object of tensors by name.')
    plain = not any(isinstance(value, dict) for value in given.values())
    values = given if plain else {name: tensor_of_json(name, value) for name, value in given.items()}
    return Predict(values, [str(name) for name in wanted], plain)


def tensor_of_json(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        raise BadRequest(f"Input {name}: tensors and plain lists do not mix in one request.")
    content = {key.replace("_", "").lower(): each for key, each in value.items()}
    try:
        shape, number = [int(size) for size in content.get("dims", [])], int(content.get("datatype", 0))
        if "rawdata" in content:
            return array_of(name, number, shape, base64.b64decode(str(content["rawdata"]) + "=="))
        values: List[Any] = []
        for key, packed in VALUES.values():
            read = base64.b64decode if packed == "s" else float if packed in "fd" else int
            values += [read(each) for each in content.get(key.lower(), [])]
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadRequest(f"Input {name} is no tensor: {error}.") from None
    return array_of(name, number, shape, values)


def write_json(found: Dict[str, Any], plain: bool) -> Any:
    shown = {name: listed(value) if plain else tensor_json(value) for name, value in found.items()}
    return {"outputs": shown}


def tensor_json(value: Any) -> Any:
    """A tensor; sequences and maps, which classifiers give for probabilities, as plain lists and objects."""
    if not isinstance(value, np.ndarray):
        return listed(value)
    written: Dict[str, Any] = {"dims": [str(size) for size in value.shape], "dataType": NUMBERS[type_name(value)]}
    if type_name(value) == "string":
        return {**written, "stringData": [base64.b64encode(text).decode() for text in texts(value)]}
    return {**written, "rawData": base64.b64encode(raw(value)).decode()}


def listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): listed(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [listed(each) for each in value]
    return value.tolist() if hasattr(value, "tolist") else value


# Binary: protobuf's wire format, as far as these messages need it.


def read_binary(body: bytes) -> Predict:
    tensors: Dict[str, Any] = {}
    wanted: List[str] = []
    try:
        for number, value in fields(body):
            if number == 2:
                entry = dict(fields(blob(value)))
                name = blob(entry.get(1, b"")).decode()
                tensors[name] = tensor_of_binary(name, blob(entry.get(2, b"")))
            elif number == 3:
                wanted.append(blob(value).decode())
    except (ValueError, struct.error) as error:
        raise BadRequest(f"The body is no PredictRequest: {error}.") from None
    return Predict(tensors, wanted)


def tensor_of_binary(name: str, message: bytes) -> Any:
    shape: List[int] = []
    values: List[Any] = []
    kind, content = 0, None
    for number, value in fields(message):
        if number == 1:
            shape += integers(value)
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 9:
            content = blob(value)
        elif number in VALUES:
            values += unpacked(VALUES[number][1], value)
    return array_of(name, kind, shape, values if content is None else content)


def fields(message: bytes) -> Iterator[Tuple[int, Union[int, bytes]]]:
    """Field numbers and values in order; numbers that are no varints stay bytes. Raises ValueError."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        value: Union[int, bytes]
        if key & 7 == 0:
            value, at = varint(message, at)
        elif key & 7 in (1, 2, 5):
            size, at = varint(message, at) if key & 7 == 2 else (8 if key & 7 == 1 else 4, at)
            value, at = message[at : at + size], at + size
            if at > len(message):
                raise ValueError("it ends in the middle of a value")
        else:
            raise ValueError(f"wire type {key & 7} at byte {at}")
        yield key >> 3, value


def varint(message: bytes, at: int) -> Tuple[int, int]:
    """A number and the place behind it."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("it ends in the middle of a number")
        number |= (message[at] & 0x7F) << shift
        at += 1
        if message[at - 1] < 0x80:
            return number & (1 << 64) - 1, at
    raise ValueError("a number of more than 64 bits")


def integers(value: Union[int, bytes]) -> List[int]:
    """Signed numbers, alone or packed."""
    found, at = [value] if isinstance(value, int) else [], 0
    while isinstance(value, bytes) and at < len(value):
        number, at = varint(value, at)
        found.append(number)
    return [number - (1 << 64) if number >> 63 else number for number in found]


def unpacked(packed: str, value: Union[int, bytes]) -> Sequence[Any]:
    if packed == "v":
        return integers(value)
    content = blob(value)
    return [content] if packed == "s" else [each[0] for each in struct.iter_unpack(f"<{packed}", content)]


def blob(value: Union[int, bytes]) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where bytes belong")
    return value


def write_binary(found: Dict[str, Any]) -> bytes:
    """A PredictResponse."""
    message = b""
    for name, value in found.items():
        if not isinstance(value, np.ndarray):
            tensors = [each for each in found if isinstance(found[each], np.ndarray)]
            raise BadRequest(f"Output {name} is no tensor: ask for JSON, or for these by output_filter: {tensors}.")
        message += sized(1, sized(1, name.encode()) + sized(2, tensor_binary(value)))
    return message


def tensor_binary(value: Any) -> bytes:
    head = b"".join(b"\x08" + number_bytes(size) for size in value.shape)
    head += b"\x10" + number_bytes(NUMBERS[type_name(value)])
    if type_name(value) == "string":
        return head + b"".join(sized(6, text) for text in texts(value))
    return head + sized(9, raw(value))


def sized(number: int, content: bytes) -> bytes:
    return number_bytes(number << 3 | 2) + number_bytes(len(content)) + content


def number_bytes(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


# What both forms share.


def array_of(name: str, number: int, shape: List[int], content: Any) -> Any:
    """An array of raw bytes, or of a list of values."""
    if number not in TYPES:
        known = ", ".join(f"{each} {text}" for each, (_, text) in TYPES.items())
        raise BadRequest(f"Input {name} has the data type {number}. Known: {known}.")
    kind = np.dtype(TYPES[number][0])
    try:
        if number == 8:
            array = np.array([text.decode() for text in content], dtype=object)
        elif isinstance(content, bytes):
            array = np.frombuffer(content, dtype=kind)
        elif number == 10:  # the bits of each number, as TensorProto keeps them
            array = np.array(content, dtype="<u2").view(kind)
        else:
            array = np.array(content, dtype=kind)
        return array.reshape(shape)
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        raise BadRequest(f"Input {name} with dims {shape} and data type {TYPES[number][1]}: {error}.") from None


def raw(array: Any) -> bytes:
    content: bytes = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
    return content


def texts(array: Any) -> List[bytes]:
    return [str(text).encode() for text in array.ravel()]
