"""An ONNX model, deployed without a script: v1's requests, as JSON and as protobuf, checked by the real protobuf."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import onnx
import pytest
import requests
from deployer import Deployer
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from jupyter_mldeploy.core import Model
from jupyter_mldeploy.core.webservice import LocalWebservice

from .conftest import onnx_model, square_model

pytestmark = pytest.mark.xdist_group("nocode-onnx")  # one workspace and one service for all of it

BINARY = ("application/x-protobuf", "application/vnd.google.protobuf", "application/octet-stream")
INPUTS: dict[str, np.ndarray] = {
    "x": np.array([[1, 2], [3, 4]], "f4"),
    "b": np.array([10, 20], "f4"),
    "k": np.array([-1, 2**62], "i8"),
    "s": np.array(["ä", ""], object),
}


def messages() -> tuple[Any, Any]:
    """PredictRequest and PredictResponse as v1's server published them."""
    pool = descriptor_pool.Default()
    file = descriptor_pb2.FileDescriptorProto(name="predict.proto", package="server", syntax="proto3")
    file.dependency.append(onnx.TensorProto.DESCRIPTOR.file.name)
    for name, field, number in (("PredictRequest", "inputs", 2), ("PredictResponse", "outputs", 1)):
        message = file.message_type.add(name=name)
        entry = message.nested_type.add(name=f"{field.capitalize()}Entry")
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, type=9, label=1)
        entry.field.add(name="value", number=2, type=11, label=1, type_name=".onnx.TensorProto")
        message.field.add(name=field, number=number, type=11, label=3, type_name=f".server.{name}.{entry.name}")
        if name == "PredictRequest":
            message.field.add(name="output_filter", number=3, type=9, label=3)
    made = pool.Add(file) or pool.FindFileByName("predict.proto")
    return tuple(message_factory.GetMessageClass(made.message_types_by_name[n]) for n in made.message_types_by_name)  # type: ignore[return-value]


REQUEST, RESPONSE = messages()


def request_of(arrays: dict[str, np.ndarray], wanted: tuple[str, ...] = (), *, raw: bool = True) -> Any:
    request = REQUEST(output_filter=wanted)
    for name, array in arrays.items():
        tensor = numpy_helper.from_array(array)
        if not raw and tensor.HasField("raw_data"):
            tensor = onnx.helper.make_tensor(name, tensor.data_type, array.shape, array.ravel().tolist())
        request.inputs[name].CopyFrom(tensor)
    return request


def arrays_of(response: Any) -> dict[str, np.ndarray]:
    found = {}
    for name, tensor in response.outputs.items():
        array = numpy_helper.to_array(tensor)
        texts = tensor.data_type == onnx.TensorProto.STRING
        found[name] = np.array([bytes(t).decode() for t in tensor.string_data], object) if texts else array
    return found


@pytest.fixture(scope="module")
def service(own: Deployer) -> Any:
    path = onnx_model(own.folder / "mnist-model.onnx")
    model = Model.register(
        own.ws, path, "mnist-sample", model_framework=Model.Framework.ONNX, model_framework_version="1.3"
    )
    found = Model.deploy(own.ws, "onnx-mnist-service", [model])
    found.wait_for_deployment(timeout_sec=120)
    return found


def post(service: Any, body: bytes | str, kind: str = BINARY[0], accept: str | None = None) -> requests.Response:
    headers = {"Content-Type": kind, "Accept": accept or ""}
    return requests.post(service.scoring_uri, data=body, headers=headers, timeout=30)


def check(found: dict[str, np.ndarray]) -> None:
    np.testing.assert_array_equal(found["y"], [[12, 24], [16, 28]])
    assert found["y"].dtype == np.float32
    np.testing.assert_array_equal(found["n"], INPUTS["k"])
    assert found["t"].tolist() == ["ä", ""]


@pytest.mark.parametrize("kind", BINARY)
@pytest.mark.parametrize("raw", [True, False])
def test_protobuf_is_answered_by_protobuf(kind: str, raw: bool, service: Any) -> None:
    answer = post(service, request_of(INPUTS, raw=raw).SerializeToString(), kind)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, BINARY[0])
    check(arrays_of(RESPONSE.FromString(answer.content)))


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("own_names", [True, False])
def test_protobuf_as_json_is_answered_so(raw: bool, own_names: bool, service: Any) -> None:
    body = json_format.MessageToJson(request_of(INPUTS, raw=raw), preserving_proto_field_name=own_names)
    found = service.run(body)
    assert found["outputs"]["y"]["dims"] == ["2", "2"]
    check(arrays_of(json_format.ParseDict(found, RESPONSE())))


def test_accept_decides_the_form_of_the_answer(service: Any) -> None:
    request = request_of(INPUTS)
    answer = post(service, request.SerializeToString(), accept="application/json")
    check(arrays_of(json_format.Parse(answer.text, RESPONSE())))
    answer = post(service, json_format.MessageToJson(request), "application/json", BINARY[2])
    assert answer.headers["Content-Type"] == BINARY[2]
    check(arrays_of(RESPONSE.FromString(answer.content)))


def test_the_filter_chooses_outputs(service: Any) -> None:
    answer = post(service, request_of(INPUTS, ("n",)).SerializeToString())
    assert list(arrays_of(RESPONSE.FromString(answer.content))) == ["n"]
    body = json.loads(json_format.MessageToJson(request_of(INPUTS, ("t", "y"))))
    assert list(service.run(json.dumps(body))["outputs"]) == ["t", "y"]


def test_plain_lists_are_answered_by_plain_lists(service: Any) -> None:
    body = {"inputs": {"x": [[1, 2]], "b": [0, 0.5], "k": [7], "s": ["a"]}}
    assert service.run(body) == {"outputs": {"y": [[2.0, 4.5]], "n": [7], "t": ["a"]}}


def tensor(**changes: Any) -> str:
    body = json.loads(json_format.MessageToJson(request_of(INPUTS)))
    body["inputs"]["x"] |= changes
    return json.dumps(body)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("no json", "no JSON"),
        ("[1]", '"inputs"'),
        ('{"inputs": [1]}', "object of tensors by name"),
        ('{"data": [[1, 2]]}', "a model of one input; this one takes x: tensor(float)"),
        ('{"inputs": {"x": [[1, 2]]}}', "missing: b, k, s"),
        ('{"inputs": {"x": [[1, 2]], "b": [1, 1], "k": [1], "s": ["a"], "z": 1}}', "unknown: z"),
        ('{"inputs": {"x": [[1, 2, 3]], "b": [1, 1], "k": [1], "s": ["a"]}}', "tensor(float) [None, 2]"),
        ('{"inputs": {"x": [["a", 2]], "b": [1, 1], "k": [1], "s": ["a"]}}', "Input x takes tensor(float)"),
        ('{"inputs": {"x": [[1], 2], "b": [1, 1], "k": [1], "s": ["a"]}}', "Input x takes"),
        ('{"inputs": {"b": [1, 1], "x": {"dims": [1]}, "k": [1], "s": ["a"]}}', "do not mix"),
        (tensor(dims=["3", "2"]), "dims [3, 2]"),
        (tensor(dims=["a"]), "no tensor"),
        (tensor(dataType=6), "not int32"),
        (tensor(dataType=16), "data type 16. Known: 1 float"),
        (tensor(rawData="!"), "x"),
    ],
)
def test_a_request_that_does_not_fit_is_400_and_says_why(body: str, why: str, service: Any) -> None:
    answer = post(service, body, "application/json")
    assert answer.status_code == 400, answer.text
    assert answer.json()["error_code"] == 400
    assert why in answer.json()["error_message"]


@pytest.mark.parametrize("body", [b"\x00", b"\x12", b"\x12\xff", b"\x08\x01\x17", b"\xff" * 20, b"{}"])
def test_a_broken_message_is_400(body: bytes, service: Any) -> None:
    assert post(service, body).status_code == 400


def test_get_is_told_to_post(service: Any) -> None:
    answer = requests.get(service.scoring_uri, timeout=30)
    assert (answer.status_code, answer.json()["error_message"]) == (400, "Send the request by POST.")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=60), place=st.integers(0, 200))
def test_no_bytes_break_it(noise: bytes, place: int, service: Any) -> None:
    """Noise, and a good message with noise in it: an answer or a 400, never a failure."""
    message = request_of(INPUTS).SerializeToString()
    for body in (noise, message[:place] + noise + message[place:]):
        assert post(service, body).status_code in (200, 400), body


def test_a_model_of_one_input_takes_data_and_a_folder_will_do(own: Deployer) -> None:
    folder = own.folder / "exported"
    folder.mkdir()
    square_model(folder / "model.onnx")
    (folder / "notes.txt").write_text("made by hand")
    model = Model.register(own.ws, folder, "square", model_framework=Model.Framework.ONNX)
    service = Model.deploy(own.ws, "square-service", [model], deployment_config=LocalWebservice.deploy_configuration())
    service.wait_for_deployment()
    assert service.run('{"data": [[1, 2, 3]]}') == {"outputs": {"y": [[1.0, 4.0, 9.0]]}}
    raw = base64.b64encode(np.array([[2, 2, 2]], "f4").tobytes()).decode()
    body = {"inputs": {"x": {"dims": ["1", "3"], "dataType": 1, "rawData": raw}}, "outputFilter": ["y"]}
    found = service.run(json.dumps(body))["outputs"]["y"]
    assert np.frombuffer(base64.b64decode(found["rawData"]), "f4").tolist() == [4.0, 4.0, 4.0]
