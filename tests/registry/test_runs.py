"""Runs, over the workspace's own store and over a tracking server."""

from __future__ import annotations

import pytest

from jupyter_mldeploy.errors import InvalidInput, NameTaken, RunNotFound
from jupyter_mldeploy.registry import Registry
from jupyter_mldeploy.specs import RunInfo


def test_a_run_knows_its_experiment_its_number_and_its_user(registry: Registry, name: str) -> None:
    experiment = registry.experiment(name, create=True)
    first = registry.start_run(experiment.id, name="first", description="what it is")
    second = registry.start_run(experiment.id, name="second")
    assert (first.name, first.description, first.number, first.status) == ("first", "what it is", 1, "Running")
    assert (second.number, second.experiment_name) == (2, name)
    assert first.user
    assert first.start_time
    assert registry.run(first.id) == first


def test_runs_are_listed_newest_first_and_by_parent(registry: Registry, name: str) -> None:
    experiment = registry.experiment(name, create=True)
    parent = registry.start_run(experiment.id)
    children = [registry.start_run(experiment.id, parent_id=parent.id).id for _ in range(3)]
    assert [run.id for run in registry.runs(experiment.id)] == [*reversed(children), parent.id]
    assert [run.id for run in registry.runs(experiment.id, parent_id=parent.id)] == children[::-1]
    assert parent.id in [run.id for run in registry.runs()]


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled"])
def test_ending_a_run_sets_its_status_and_its_time(registry: Registry, run: RunInfo, status: str) -> None:
    registry.end_run(run.id, status)
    ended = registry.run(run.id)
    assert ended.status == status
    assert ended.end_time
    assert ended.end_time >= (ended.start_time or 0)


def test_a_status_that_v1_does_not_have_is_refused_with_those_it_has(local: Registry) -> None:
    run = local.start_run("0")
    with pytest.raises(InvalidInput, match="'Done' is no status.*Canceled, Completed"):
        local.end_run(run.id, "Done")


def test_an_unknown_run_is_refused_with_the_newest_that_exist(registry: Registry, run: RunInfo) -> None:
    for unknown in ("f" * 32, "no such/run"):
        with pytest.raises(RunNotFound, match=run.id):
            registry.run(unknown)
    with pytest.raises(RunNotFound):
        registry.runs(run.experiment_id, parent_id="' or '1'='1")


def test_a_run_can_be_gone_on_with_but_not_given_an_id(local: Registry) -> None:
    run = local.start_run("0")
    local.end_run(run.id, "Completed")
    assert local.start_run("0", run_id=run.id).status == "Running"
    with pytest.raises(InvalidInput, match="MLflow chooses the ids"):
        local.start_run("0", run_id="mine")


def test_tags_change_and_properties_never_do(registry: Registry, run: RunInfo) -> None:
    registry.tag_run(run.id, {"a": "1", "odd: key?": "x", "mlflow.mine": "kept apart", "empty": ""})
    registry.add_run_properties(run.id, {"p": "1", "odd: key?": "y"})
    registry.tag_run(run.id, {"a": "2", "empty": None, "never there": None})
    with pytest.raises(NameTaken, match="'p' already \\('1'\\), and properties never change"):
        registry.add_run_properties(run.id, {"new": "1", "p": "2"})
    found = registry.run(run.id)
    assert found.tags == {"a": "2", "odd: key?": "x", "mlflow.mine": "kept apart"}
    assert found.properties == {"p": "1", "odd: key?": "y"}


def test_a_value_that_mlflow_would_cut_is_refused(local: Registry) -> None:
    run = local.start_run("0")
    with pytest.raises(InvalidInput, match="6,000 characters; at most 5,000 fit"):
        local.tag_run(run.id, {"long": "x" * 6000})


def test_name_and_description_can_be_set_later(registry: Registry, run: RunInfo) -> None:
    registry.rename_run(run.id, name="better")
    registry.rename_run(run.id, description="why")
    found = registry.run(run.id)
    assert (found.name, found.description, found.status) == ("better", "why", "Running")


def test_ending_a_run_prints_nothing(registry: Registry, run: RunInfo, capfd: pytest.CaptureFixture[str]) -> None:
    registry.log(run.id, "a", [1, "word"])
    registry.metrics(run.id)
    registry.end_run(run.id, "Completed")
    assert capfd.readouterr() == ("", "")
