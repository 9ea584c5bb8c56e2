"""A run's life cycle, identity, tags, children, and the offline run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from jupyter_mldeploy.core import Experiment, Run, Workspace, get_run
from jupyter_mldeploy.core.exceptions import (
    ActivityFailedException,
    NotAvailableException,
    RunEnvironmentException,
    UserErrorException,
    WebserviceException,
)


@pytest.mark.parametrize(
    ("end", "status"),
    [(Run.complete, "Completed"), (Run.fail, "Failed"), (Run.cancel, "Canceled")],
    ids=["complete", "fail", "cancel"],
)
def test_each_end_has_its_status(run: Run, end: Callable[[Run], None], status: str) -> None:
    assert run.get_status() == run.status == "Running"
    run.flush()
    end(run)
    assert Run.get(run.experiment.workspace, run.id).status == status
    assert run.get_details()["endTimeUtc"] is not None
    run.start()
    assert run.status == "Running"


def test_details_carry_v1s_keys_and_the_error(run: Run) -> None:
    run.fail(error_details="out of memory", error_code="137")
    details = run.get_details()
    assert details["runId"] == run.id
    assert details["error"] == {"code": "137", "message": "out of memory"}
    assert run.get_detailed_status() == {"status": "Failed", "details": details["error"]}
    assert run.get_tags() == {}


def test_as_a_context_manager_it_completes_or_fails(ws: Workspace) -> None:
    experiment = Experiment(ws, "contexts")
    with experiment.start_logging() as good:
        assert good.status == "Running"
    assert good.status == "Completed"
    with pytest.raises(ZeroDivisionError), experiment.start_logging() as bad:
        raise ZeroDivisionError("by zero")
    assert bad.status == "Failed"
    assert "by zero" in bad.get_details()["error"]["message"]
    with experiment.start_logging() as canceled:
        canceled.cancel()
    assert canceled.status == "Canceled"


def test_waiting_ends_when_another_thread_completes_it(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    other = Run(run.experiment, run.id)
    timer = threading.Timer(0.2, other.complete)
    timer.start()
    started = time.monotonic()
    assert run.wait_for_completion(show_output=True)["status"] == "Completed"
    assert time.monotonic() - started < 10
    assert "Completed" in capsys.readouterr().out
    timer.join()


def test_waiting_for_a_failed_run_raises_unless_told_not_to(run: Run) -> None:
    run.fail("broken")
    with pytest.raises(ActivityFailedException, match="broken"):
        run.wait_for_completion()
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"


def test_identity_and_the_names_that_can_be_set(run: Run) -> None:
    run.display_name = "shown"
    run.description = "why"
    again = get_run(run.experiment, run.id)
    assert (again.display_name, again.name, again.description) == ("shown", "shown", "why")
    assert again.type is None
    assert again.parent is None
    assert again.number >= 1
    assert run.id in repr(again) and run.experiment.name in repr(again) and "Running" in repr(again)


def test_a_run_is_found_by_id_in_any_experiment(ws: Workspace, run: Run) -> None:
    assert ws.get_run(run.id).experiment.name == run.experiment.name
    with pytest.raises(UserErrorException, match="nothing"):
        Run.get(ws, "nothing")


def test_a_run_of_an_archived_experiment_is_found(ws: Workspace) -> None:
    experiment = Experiment(ws, "put-away")
    run = experiment.start_logging()
    experiment.archive()
    assert ws.get_run(run.id).experiment.archived_time is not None
    assert "put-away" not in ws.experiments


def test_tags_change_and_properties_do_not(run: Run) -> None:
    run.tag("a")
    run.set_tags({"b": 1, "a": "new"})
    run.add_properties({"auc": 0.5})
    assert run.get_tags() == run.tags == {"a": "new", "b": "1"}
    run.remove_tags(["a"])
    assert run.tags == {"b": "1"}
    with pytest.raises(WebserviceException, match="auc"):
        run.add_properties({"auc": 0.6})
    assert run.get_properties() == run.properties == {"auc": "0.5"}


@pytest.mark.parametrize("bad", [["a"], {"a": object()}], ids=["list", "object"])
def test_tags_that_cannot_be_kept_are_refused(run: Run, bad: object) -> None:
    for call in (run.set_tags, run.add_properties):
        with pytest.raises(UserErrorException):
            call(bad)  # type: ignore[arg-type]


def test_children_know_their_parent_and_are_listed(run: Run) -> None:
    child = run.child_run("below")
    grandchild = child.child_run()
    assert child.parent is not None and child.parent.id == run.id
    child.tag("kind", "x")
    child.complete()
    assert [found.id for found in run.get_children()] == [child.id]
    assert [found.id for found in run.get_children(recursive=True)] == [child.id, grandchild.id]
    assert [found.id for found in run.get_children(recursive=True, status="Running")] == [grandchild.id]
    assert [found.id for found in run.get_children(tags="kind")] == [child.id]
    assert list(run.get_children(tags={"kind": "y"})) == []


def test_several_children_at_once(run: Run) -> None:
    assert len(run.create_children(count=2)) == 2
    assert [child.tags for child in run.create_children(tag_key="fold", tag_values=[1, 2])] == [
        {"fold": "1"},
        {"fold": "2"},
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"count": 1, "tag_key": "a", "tag_values": [1]},
        {"count": 1, "tag_key": "a"},
        {"count": 0},
        {"count": 101},
        {"tag_key": "a"},
        {"tag_values": [1]},
        {"tag_key": "a", "tag_values": list(range(101))},
    ],
    ids=str,
)
def test_children_are_one_to_a_hundred_given_in_one_way(run: Run, arguments: dict[str, object]) -> None:
    with pytest.raises(UserErrorException, match="create_children"):
        run.create_children(**arguments)  # type: ignore[arg-type]
    assert list(run.get_children()) == []


def test_secrets_come_from_the_workspace(ws: Workspace, run: Run) -> None:
    ws.get_default_keyvault().set_secret("run-secret", "s")
    assert run.get_secret("run-secret") == "s"
    assert run.get_secrets(["run-secret"]) == {"run-secret": "s"}


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("take_snapshot", (".",)),
        ("restore_snapshot", ()),
        ("get_snapshot_id", ()),
        ("get_environment", ()),
        ("add_type_provider", ("x", None)),
    ],
)
def test_what_needs_a_submitted_run_says_so(run: Run, call: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(NotAvailableException, match=call):
        getattr(run, call)(*arguments)


def test_the_offline_run_prints_and_keeps_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    offline = Run.get_context()
    assert offline.id.startswith("OfflineRun_")
    offline.log("auc", 0.5)
    offline.log_list("losses", [1, 2])
    offline.log_row("row", x=1)
    offline.upload_file("outputs/m", "m.pkl")
    offline.tag("a", 1)
    with offline:
        assert offline.tags == {"a": 1}
    assert offline.get_status() == "Completed"
    said = capsys.readouterr().out
    for piece in ("'auc' = 0.5", "[1, 2]", "{'x': 1}", "m.pkl"):
        assert piece in said


@pytest.mark.parametrize("name", ["register_model", "experiment", "get_metrics"])
def test_the_offline_run_lacks_what_v1s_lacks(name: str) -> None:
    assert not hasattr(Run.get_context(), name)


def test_the_offline_log_has_no_step_and_takes_one_value() -> None:
    with pytest.raises(TypeError):
        Run.get_context().log("a", 1, step=1)  # type: ignore[call-arg]
    with pytest.raises(UserErrorException, match="log_list"):
        Run.get_submitted_run().log("a", [1])


def test_without_offline_there_is_no_context() -> None:
    with pytest.raises(RunEnvironmentException, match="start_logging"):
        Run.get_context(allow_offline=False)
