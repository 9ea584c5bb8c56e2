"""A workspace, and models of each framework, made on the spot."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from deployer import Deployer, deployer

from jupyter_mldeploy.core import Workspace

# Where there is no TensorFlow, `test_tensorflow_from_pypi` runs that file in an environment that has it.
collect_ignore = ["test_tensorflow.py" if find_spec("tensorflow") is None else "test_tensorflow_from_pypi.py"]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployer]:
    """One workspace a module, since making a store takes seconds, and one service that its tests share."""
    folder = tmp_path_factory.mktemp("nocode")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLDEPLOY_HOME", str(folder / "home"))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        with deployer(Workspace.create("nocode-tests"), folder) as made:
            yield made


def onnx_model(path: Path) -> Path:
    """y = 2 * x + b, of floats of any number of rows; and n, the identity of 64-bit numbers; and t, of texts."""
    from onnx import TensorProto, checker, helper, save

    def value(name: str, kind: int, shape: list[Any]) -> Any:
        return helper.make_tensor_value_info(name, kind, shape)

    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["x", "two"], ["doubled"]),
            helper.make_node("Add", ["doubled", "b"], ["y"]),
            helper.make_node("Identity", ["k"], ["n"]),
            helper.make_node("Identity", ["s"], ["t"]),
        ],
        "graph",
        [
            value("x", TensorProto.FLOAT, [None, 2]),
            value("b", TensorProto.FLOAT, [2]),
            value("k", TensorProto.INT64, [None]),
            value("s", TensorProto.STRING, [None]),
        ],
        [
            value("y", TensorProto.FLOAT, [None, 2]),
            value("n", TensorProto.INT64, [None]),
            value("t", TensorProto.STRING, [None]),
        ],
        [helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0])],
    )
    return saved(path, graph, checker, helper, save)


def square_model(path: Path) -> Path:
    """One input, one output: y = x * x."""
    from onnx import TensorProto, checker, helper, save

    node = helper.make_node("Mul", ["x", "x"], ["y"])
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 3]) for name in "xy")
    return saved(path, helper.make_graph([node], "square", [x], [y]), checker, helper, save)


def saved(path: Path, graph: Any, checker: Any, helper: Any, save: Any) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    save(model, str(path))
    return path
