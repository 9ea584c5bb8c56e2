"""A SavedModel, deployed without a script, where TensorFlow is installed."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import tensorflow as tf
from deployer import Deployer

from jupyter_mldeploy.core import Model

pytestmark = pytest.mark.xdist_group("nocode-tensorflow")


@pytest.fixture(scope="module")
def service(own: Deployer) -> Any:
    class Two(tf.Module):  # type: ignore[misc, name-defined]
        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
        def total(self, x: Any) -> Any:
            return {"y": tf.reduce_sum(x, axis=1)}

        @tf.function(
            input_signature=[tf.TensorSpec([None], tf.string, name="s"), tf.TensorSpec([None], tf.int32, name="n")]
        )
        def shout(self, s: Any, n: Any) -> Any:
            return {"t": tf.strings.upper(s), "m": n + 1}

    made = Two()
    for version in ("1", "10", "9"):
        tf.saved_model.save(
            made,
            str(own.folder / "flowers" / version),
            signatures={"serving_default": made.total, **({"shout": made.shout} if version == "10" else {})},
        )
    model = Model.register(own.ws, own.folder / "flowers", "flowers", model_framework=Model.Framework.TENSORFLOW)
    found = Model.deploy(own.ws, "tensorflow-flower-service", [model])
    found.wait_for_deployment(timeout_sec=150)
    return found


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"instances": [[1, 2], [3, 4]]}, {"predictions": [3.0, 7.0]}),
        ({"instances": [{"x": [1, 2]}]}, {"predictions": [3.0]}),
        ({"inputs": [[1, 2]]}, {"outputs": [3.0]}),
        ({"inputs": {"x": [[1, 2]]}}, {"outputs": [3.0]}),
        (
            {"signature_name": "shout", "instances": [{"s": "ab", "n": 1}, {"s": {"b64": "/w=="}, "n": 2}]},
            {"predictions": [{"t": "AB", "m": 2}, {"t": {"b64": "/w=="}, "m": 3}]},
        ),
        ({"signature_name": "shout", "inputs": {"s": ["a"], "n": [1]}}, {"outputs": {"t": ["A"], "m": [2]}}),
    ],
)
def test_the_highest_version_answers_as_tensorflow_serving_does(body: Any, answer: Any, service: Any) -> None:
    assert service.run(body) == answer


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ([1], "and not both"),
        ({"data": [[1, 2]]}, '"instances", a list of rows'),
        ({"instances": 3}, "a list of rows"),
        ({"instances": [[1], [2, 3]]}, ""),
        ({"instances": ["a"]}, "float"),
        ({"signature_name": "no", "instances": []}, "No signature 'no'. The model has: "),
        ({"signature_name": "shout", "instances": [{"s": "a"}]}, "lack n. The inputs are"),
        ({"signature_name": "shout", "inputs": ["a"]}, "Give the inputs by name: "),
        ({"inputs": [{"b64": "!"}]}, "b64"),
    ],
)
def test_a_request_that_cannot_work_is_400_and_says_why(body: Any, why: str, service: Any) -> None:
    answer = requests.post(service.scoring_uri, json=body, timeout=30)
    assert answer.status_code == 400, answer.text
    assert why in answer.json()["error"]
