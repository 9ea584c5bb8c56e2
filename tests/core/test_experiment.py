"""Experiment: names, tags, archiving, and the runs in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mldeploy.core import Experiment, Workspace
from jupyter_mldeploy.core.exceptions import NotAvailableException, UserErrorException
from jupyter_mldeploy.core.experiment import ViewType


@pytest.mark.parametrize("name", ["", "-a", "_a", "a b", "a/b", "a" * 256, "ä", "a.b", None, 3])
def test_a_bad_experiment_name_is_refused(ws: Workspace, name: str) -> None:
    with pytest.raises(UserErrorException, match="cannot name an experiment"):
        Experiment(ws, name)


@pytest.mark.parametrize("name", ["a", "9", "A-b_9", "a" * 255])
def test_a_good_experiment_name_is_taken(ws: Workspace, name: str) -> None:
    assert Experiment(ws, name).name == name


def test_constructing_twice_opens_the_same(ws: Workspace) -> None:
    first, second = Experiment(ws, "same"), Experiment(workspace=ws, name="same")
    assert first.id == second.id
    assert first.workspace is first.workspace_object is ws
    assert "same" in repr(first) and ws.name in repr(first)
    assert first.archived_time is None


def test_tags_come_and_go(ws: Workspace) -> None:
    experiment = Experiment(ws, "tagged")
    experiment.tag("a", 1)
    experiment.set_tags({"b": "two", "c": None})
    assert experiment.tags == {"a": "1", "b": "two", "c": ""}
    experiment.remove_tags(["a", "c"])
    assert Experiment(ws, "tagged").tags == {"b": "two"}


def test_an_archived_experiment_leaves_the_list_and_comes_back(ws: Workspace) -> None:
    experiment = Experiment(ws, "archived")
    experiment.archive()
    assert experiment.archived_time is not None
    assert "archived" not in [e.name for e in Experiment.list(ws)]
    assert "archived" in [e.name for e in Experiment.list(ws, view_type=ViewType.ArchivedOnly)]
    assert "archived" in [e.name for e in Experiment.list(ws, view_type="All")]
    with pytest.raises(UserErrorException, match="new_name"):
        experiment.reactivate("other")
    experiment.reactivate()
    assert "archived" in [e.name for e in Experiment.list(ws)]


def test_list_filters_by_name_and_tags(ws: Workspace) -> None:
    Experiment(ws, "listed-1").tag("listed", "x")
    Experiment(ws, "listed-2").tag("listed", "y")
    assert {e.name for e in Experiment.list(ws, tags="listed")} == {"listed-1", "listed-2"}
    assert [e.name for e in Experiment.list(ws, tags={"listed": "y"})] == ["listed-2"]
    assert [e.name for e in Experiment.list(ws, "listed-1")] == ["listed-1"]


def test_the_portal_url_is_where_the_runs_can_be_looked_at(ws: Workspace) -> None:
    experiment = Experiment(ws, "shown")
    assert Path(experiment.get_portal_url().removeprefix("file://")).is_dir()
    assert experiment.start_logging().get_portal_url().startswith(experiment.get_portal_url())


def test_delete_takes_the_id(ws: Workspace) -> None:
    experiment = Experiment(ws, "deleted")
    Experiment.delete(ws, experiment.id)
    assert "deleted" not in ws.experiments


def test_get_runs_is_newest_first_and_filters(ws: Workspace) -> None:
    experiment = Experiment(ws, "with-runs")
    first, second = experiment.start_logging(), experiment.start_logging()
    first.tag("kind", "old")
    first.add_properties({"size": 3})
    child = second.child_run()
    assert [run.id for run in experiment.get_runs()] == [second.id, first.id]
    assert child.id in [run.id for run in experiment.get_runs(include_children=True)]
    assert [run.id for run in experiment.get_runs(tags={"kind": "old"})] == [first.id]
    assert [run.id for run in experiment.get_runs(properties={"size": 3})] == [first.id]
    assert list(experiment.get_runs(type="azureml.scriptrun")) == []


def test_start_logging_takes_v1s_arguments_and_copies_no_folder(ws: Workspace, here: Path) -> None:
    Path("outputs").mkdir()
    Path("notes.txt").write_text("not to be copied")
    run = Experiment(ws, "started").start_logging(
        outputs="outputs", snapshot_directory=".", display_name="shown", description="why"
    )
    assert (run.display_name, run.description, run.status) == ("shown", "why", "Running")
    Path("outputs/model.txt").write_text("m")
    run.upload_file("outputs/other.txt", "notes.txt")
    run.complete()
    assert run.get_file_names() == ["outputs/model.txt", "outputs/other.txt"]


def test_what_cannot_be_submitted_says_what_can(ws: Workspace) -> None:
    with pytest.raises(NotAvailableException, match="ScriptRunConfig"):
        Experiment(ws, "submitted").submit(object())
    with pytest.raises(NotAvailableException, match=r"Workspace\.from_config"):
        Experiment.from_directory(".")
