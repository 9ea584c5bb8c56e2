"""Tensors and numpy's files against numpy itself, and whatever else may come instead of them."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from typing import Any

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema

from jupyter_mldeploy.server.working.inputs import Refused, object_reader, text_reader
from jupyter_mldeploy.server.working.protocols import invocations, npy, results, tensors
from jupyter_mldeploy.server.working.protocols.calls import Calls
from jupyter_mldeploy.server.working.script import Script
from jupyter_mldeploy.server.working.signature import NEEDED, Parameter

TYPES = {
    "bool": "BOOL",
    **{f"{sign}int{bits}": f"{sign}int{bits}".upper() for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
}
UNTIMED = settings(deadline=None)  # on a busy machine a pause says nothing
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
ARRAYS = st.sampled_from(sorted(TYPES)).flatmap(lambda name: arrays.arrays(name, SHAPES))
TEXTS = arrays.arrays(object, arrays.array_shapes(min_dims=1, max_dims=3, max_side=3), elements=st.text(max_size=5))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)

RUN = [Parameter("raw_data", NEEDED)]
PLAIN = Calls(Script("score.py", print, print, RUN, False, False, False), {}, text_reader("raw_data", True))


def typed(orient: str) -> Calls:
    """The calls of a script with a data frame, an array and a number."""

    def run(table: Any, array: Any = None, number: int = 1) -> None:
        pass

    run.__name__ = f"run_{orient}"  # inference_schema tells functions apart by their names
    run = input_schema("table", PandasParameterType(pandas.DataFrame({"a": [1], "b": ["x"]}), orient=orient))(run)
    run = input_schema("array", NumpyParameterType(numpy.array([[1.0]])), optional=True)(run)
    run = input_schema("number", StandardPythonParameterType(1), optional=True)(run)
    wanted = [Parameter("table", NEEDED), Parameter("array", None), Parameter("number", 1)]
    return Calls(Script("score.py", print, run, wanted, False, False, True), {}, object_reader(wanted, True))


CALLS = [PLAIN, *map(typed, ("records", "split", "index", "columns", "values", "table"))]


def same(found: Any, array: Any) -> None:
    numpy.testing.assert_array_equal(numpy.array(found, dtype=array.dtype).reshape(array.shape), array)


def refuses(make: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        make()
    return refused.value.message


def answered(meta: dict[str, Any], body: bytes, value: Any) -> None:
    """The request comes to arguments of each run and any result to an answer, or it is refused in a few words."""
    for calls in CALLS:
        try:
            call = calls.call(meta, body)
            assert calls is not PLAIN or isinstance(call.arguments["raw_data"], str)
            call.write(value)
        except Refused as refused:
            assert refused.status in (400, 415)
            assert len(refused.message) < 500


@UNTIMED
@given(ARRAYS)
def test_bytes_become_the_values_that_numpy_sees_and_bytes_again(array: Any) -> None:
    empty = tensors.tensor("x", TYPES[str(array.dtype)], list(array.shape))
    found = tensors.from_bytes(empty, array.tobytes())
    same(found.flat, array)
    assert json.dumps(found.nested()) == json.dumps(array.tolist())
    if array.dtype.kind != "f" or not numpy.isnan(array).any():
        assert tensors.to_bytes(found) == array.tobytes()


@UNTIMED
@given(ARRAYS)
def test_json_may_be_flat_or_nested(array: Any) -> None:
    empty = tensors.tensor("x", TYPES[str(array.dtype)], list(array.shape))
    flat = array.reshape(-1).tolist()
    same(tensors.from_json(empty, flat).flat, array)
    if array.ndim:
        same(tensors.from_json(empty, array.tolist()).nested(), array)


@UNTIMED
@given(TEXTS)
def test_texts_survive_as_bytes(array: Any) -> None:
    empty = tensors.tensor("x", "BYTES", list(array.shape))
    flat = array.reshape(-1).tolist()
    data = b"".join(len(text.encode()).to_bytes(4, "little") + text.encode() for text in flat)
    found = tensors.from_bytes(empty, data)
    assert (found.flat, tensors.to_bytes(found)) == (flat, data)


@UNTIMED
@given(ARRAYS, st.sampled_from("<>"), st.sampled_from("CF"))
def test_numpy_files_are_read_as_numpy_reads_them(array: Any, endian: str, order: Any) -> None:
    file = io.BytesIO()
    numpy.save(file, numpy.asarray(array.astype(array.dtype.newbyteorder(endian)), order=order))
    found = npy.read(file.getvalue())
    assert found.shape == list(array.shape)
    same(found.flat, array)


@UNTIMED
@given(TEXTS, st.sampled_from("<>"))
def test_numpy_files_of_texts_are_read_as_numpy_reads_them(array: Any, endian: str) -> None:
    file = io.BytesIO()
    written = array.astype(str).astype(f"{endian}U5")
    numpy.save(file, written)
    assert npy.read(file.getvalue()).flat == written.reshape(-1).tolist()


@UNTIMED
@given(ARRAYS | TEXTS)
def test_numpy_reads_the_files_that_are_written(array: Any) -> None:
    datatype = TYPES.get(str(array.dtype), "BYTES")
    full = tensors.Tensor("x", datatype, list(array.shape), array.reshape(-1).tolist())
    found = numpy.load(io.BytesIO(npy.write(full)))
    same(found, array.astype(found.dtype))
    assert found.dtype == (array.dtype if datatype != "BYTES" else found.dtype)


@UNTIMED
@given(ARRAYS)
def test_an_array_that_run_returned_keeps_its_datatype_and_shape(array: Any) -> None:
    (found,) = results.tensors(array, lambda value: b"")
    assert (found.datatype, found.shape) == (TYPES[str(array.dtype)], list(array.shape) or [1])
    same(found.flat, array)


@UNTIMED
@given(JSON)
def test_every_result_is_some_tensor(value: Any) -> None:
    for found in results.tensors(value, lambda value: json.dumps(value).encode()):
        assert len(found.flat) == math.prod(found.shape)
        packed = tensors.to_bytes(found)
        back = tensors.from_bytes(tensors.tensor(found.name, found.datatype, found.shape), packed)
        assert json.dumps(back.flat) == json.dumps(
            [*map(float, found.flat)] if found.datatype == "FP64" else found.flat
        )


SIZES = st.lists(st.integers(0, 3), max_size=3) | JSON
INPUT = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "b", "table", "number", 1]),
        "datatype": st.sampled_from([*tensors.DATATYPES, "BF16", None]),
    },
    optional={
        "shape": SIZES,
        "data": st.lists(st.integers(0, 3) | st.text(max_size=2), max_size=9) | JSON,
        "parameters": st.fixed_dictionaries({"binary_data_size": st.integers(-1, 20)}) | JSON,
    },
)
INFER = st.fixed_dictionaries(
    {"inputs": st.lists(INPUT | JSON, max_size=3)}, optional={"outputs": JSON, "id": JSON, "parameters": JSON}
)


@settings(max_examples=300, deadline=None)
@given(INFER | JSON, st.binary(max_size=40), st.none() | st.integers(-3, 3) | st.text(max_size=30), JSON)
def test_whatever_comes_to_infer_is_answered_or_refused(content: Any, data: bytes, length: Any, value: Any) -> None:
    text = json.dumps(content).encode()
    told = length if isinstance(length, str) else "" if length is None else str(len(text) + length)
    answered({"k": "infer", "n": told, "model": ["m", "1"]}, text + data, value)


@UNTIMED
@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys([*invocations.FORMS, "params"], JSON)) | JSON,
    st.sampled_from(["", "application/json", "text/csv", "text/csv; header=present", "application/jsonlines"]),
    st.sampled_from(["", "text/csv", "application/x-npy", "*/*, application/jsonlines"]),
    JSON,
)
def test_whatever_is_invoked_is_answered_or_refused(content: Any, kind: str, accept: str, value: Any) -> None:
    answered({"k": "invocations", "ct": kind, "a": accept}, json.dumps(content).encode(), value)


@UNTIMED
@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda end: npy.MAGIC + b"\1\0" + end))
def test_whatever_comes_as_numpys_file_is_read_or_refused(data: bytes) -> None:
    try:
        npy.read(data)
    except Refused as refused:
        assert refused.status in (400, 415)


HEADERS = st.sampled_from(["<f8", "|b1", ">U1", "<U0", "|O", "<M8[ns]", 3]).flatmap(
    lambda descr: st.fixed_dictionaries(
        {"descr": st.just(descr), "shape": st.lists(st.integers(-1, 3) | st.none(), max_size=3).map(tuple) | st.none()},
        optional={"fortran_order": st.booleans()},
    )
)


@UNTIMED
@given(HEADERS, st.binary(max_size=40))
def test_whatever_the_header_of_numpys_file_says(header: Any, data: bytes) -> None:
    said = repr(header).encode()
    try:
        npy.read(npy.MAGIC + b"\1\0" + len(said).to_bytes(2, "little") + said + data)
    except Refused as refused:
        assert refused.status in (400, 415)


@pytest.mark.parametrize("shape", [[10**9, 0], [70_000, 1, 0, 10**30], [10**30, 0]])
def test_a_tensor_of_nothing_cannot_be_made_huge(shape: list[int]) -> None:
    assert "too large" in refuses(lambda: tensors.tensor("x", "FP32", shape))


@pytest.mark.parametrize(
    ("datatype", "shape", "data", "what"),
    [
        ("UINT8", [1], [256], "256, too large for UINT8"),
        ("INT8", [1], [-129], "-129, too large for INT8"),
        ("INT32", [1], [1.5], "the value 1.5"),
        ("INT32", [1], [True], "the value True"),
        ("FP32", [1], ["1"], "the value '1'"),
        ("FP32", [1], [None], "the value None"),
        ("BYTES", [1], [1], "the value 1"),
        ("BOOL", [1], [1], "the value 1"),
        ("FP32", [2], [1.0], "1 values; its shape [2] has 2"),
        ("FP32", [2], [[1.0], 2.0], "lists in some places"),
        ("FP32", [2], 1.0, "no list as its data"),
    ],
)
def test_values_that_do_not_fit_are_named(datatype: str, shape: list[int], data: Any, what: str) -> None:
    assert what in refuses(lambda: tensors.from_json(tensors.tensor("x", datatype, shape), data))


@pytest.mark.parametrize(
    ("datatype", "shape", "data", "what"),
    [
        ("FP32", [2], b"1234", "4 bytes of data; FP32 of shape [2] takes 8"),
        ("BYTES", [1], b"\5\0\0\0ab", "ends within its element 0"),
        ("BYTES", [1], b"\5\0", "ends within its element 0"),
        ("BYTES", [1], b"\1\0\0\0\xff", "is not UTF-8"),
        ("BYTES", [2], b"\1\0\0\0a", "1 values; its shape [2] has 2"),
    ],
)
def test_bytes_that_do_not_fit_are_named(datatype: str, shape: list[int], data: bytes, what: str) -> None:
    assert what in refuses(lambda: tensors.from_bytes(tensors.tensor("x", datatype, shape), data))
