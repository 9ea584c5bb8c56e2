"""What a run measured, over the workspace's own store and over a tracking server."""

from __future__ import annotations

import math
from typing import Any

import pytest

from jupyter_mldeploy.errors import InvalidInput, RunNotFound
from jupyter_mldeploy.registry import Registry
from jupyter_mldeploy.specs import RunInfo


def test_one_value_is_a_scalar_and_several_are_a_list(registry: Registry, run: RunInfo) -> None:
    registry.log(run.id, "accuracy", [0.9])
    for _ in range(3):
        registry.log(run.id, "loss", [0.5])  # equal values in one millisecond are three values
    registry.log(run.id, "steps", [3, 1, 2], kind="list")
    assert registry.metrics(run.id) == {"accuracy": 0.9, "loss": [0.5, 0.5, 0.5], "steps": [3, 1, 2]}


def test_values_that_mlflow_has_no_form_for_come_back_as_they_were(registry: Registry, run: RunInfo) -> None:
    values: list[Any] = ["a word", True, math.inf, 2**60 + 1, 0.25, math.nan]
    for value in values:
        registry.log(run.id, "mixed", [value])
    registry.log(run.id, "f1@0.5 (ü)", [0.5])
    found = registry.metrics(run.id)
    assert found["f1@0.5 (ü)"] == 0.5
    assert found["mixed"][:5] == values[:5]
    assert math.isnan(found["mixed"][5])


def test_rows_and_tables_are_columns(registry: Registry, run: RunInfo) -> None:
    registry.log(run.id, "one", [{"x": 1, "y": "a"}], kind="row")
    registry.log(run.id, "rows", [{"x": 1, "y": "a"}], kind="row")
    registry.log(run.id, "rows", [{"x": 2, "z": 0.5}], kind="row")
    registry.log(run.id, "table", [{"x": [1, 2], "y": [3]}], kind="table")
    found = registry.metrics(run.id)
    assert found["one"] == {"x": 1, "y": "a"}
    assert found["rows"] == {"x": [1, 2], "y": ["a", None], "z": [None, 0.5]}
    assert found["table"] == {"x": [1, 2], "y": [3]}


def test_objects_and_images_are_kept_as_given(local: Registry) -> None:
    run = local.start_run("0")
    matrix = {"schema_type": "confusion_matrix", "data": {"matrix": [[1, 2], [3, 4]]}}
    local.log(run.id, "matrix", [matrix], kind="object")
    local.log(run.id, "plot", ["plot_1.png"], kind="image")
    assert local.metrics(run.id) == {"matrix": matrix, "plot": "plot_1.png"}


def test_a_long_list_is_logged_whole_and_in_order(local: Registry) -> None:
    run = local.start_run("0")
    local.log(run.id, "many", [float(i % 7) for i in range(2500)], kind="list")
    assert local.metrics(run.id)["many"] == [float(i % 7) for i in range(2500)]


def test_what_cannot_be_kept_is_refused_and_nothing_is_logged(local: Registry) -> None:
    run = local.start_run("0")
    with pytest.raises(InvalidInput, match="'odd' cannot be kept: Object of type object"):
        local.log(run.id, "odd", [object()])
    with pytest.raises(InvalidInput, match="needs a name"):
        local.log(run.id, "", [1])
    with pytest.raises(RunNotFound):
        local.log("0" * 32, "a", [1])
    local.log(run.id, "nothing", [], kind="list")
    assert local.metrics(run.id) == {}


def test_records_of_metrics_are_no_artifacts(registry: Registry, run: RunInfo) -> None:
    registry.log(run.id, "row", [{"x": 1}], kind="row")
    registry.upload(run.id, "outputs/a", b"1")
    assert registry.artifacts(run.id) == ["outputs/a"]


def test_the_step_is_mlflows_step(local: Registry) -> None:
    from mlflow.tracking import MlflowClient

    run = local.start_run("0")
    local.log(run.id, "loss", [0.5], step=7)
    assert [m.step for m in MlflowClient(local.tracking_uri).get_metric_history(run.id, "loss")] == [7]
