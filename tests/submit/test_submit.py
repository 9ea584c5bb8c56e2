"""A submitted script: it logs to its run, its files are kept, and it ends as it should whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from jupyter_mldeploy.core import Experiment, Run, RunConfiguration, ScriptRun, ScriptRunConfig, Workspace
from jupyter_mldeploy.core.compute import AmlCompute, ComputeTarget
from jupyter_mldeploy.core.environment import Environment
from jupyter_mldeploy.core.exceptions import ActivityFailedException, ComputeTargetException, UserErrorException

from .conftest import Submit, Write

ENDED = ("Completed", "Failed", "Canceled")

TRAIN = """
    import argparse, os
    from azureml.core import Run

    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float)
    run = Run.get_context()
    run.log("rate", parser.parse_args().rate)
    print("training in", run.experiment.name)
    os.makedirs("outputs/deep")
    open("outputs/deep/model.txt", "w").write("m")
    os.makedirs("logs")
    open("logs/events.txt", "w").write("e")
    run.upload_file("outputs/own.txt", "train.py")
    run.complete()
"""


def started(run: Run) -> str:
    """The text that the script prints, once there is some."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if run._place.log.is_file() and (text := run._place.log.read_text()).endswith("\n"):
            return text
        time.sleep(0.05)
    raise AssertionError(run.get_details_with_logs())


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_script_logs_to_its_run_and_its_files_are_kept(
    submit: Submit, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    began = time.monotonic()
    run = submit(TRAIN, tags={"kind": "first"}, arguments=["--rate", 0.5], compute_target="local")
    assert isinstance(run, ScriptRun) and run.type == "azureml.scriptrun"
    assert run.get_status() in ("Preparing", "Running")
    assert time.monotonic() - began < 30, "it is not waited for"
    details = run.wait_for_completion(show_output=True)
    assert (details["status"], details["target"]) == ("Completed", "local")
    assert details["runDefinition"]["arguments"] == ["--rate", "0.5"]
    shown = capsys.readouterr().out
    assert shown.startswith(f"RunId: {run.id}\n")
    assert "training in submitted\n" in shown
    assert run.get_metrics() == {"rate": 0.5}
    assert run.tags == {"kind": "first"}
    assert run.get_file_names() == [
        "azureml-logs/60_control_log.txt",
        "azureml-logs/70_driver_log.txt",
        "logs/events.txt",
        "outputs/deep/model.txt",
        "outputs/own.txt",
        "user_logs/std_log.txt",
    ]
    logs = run.get_details_with_logs()["logFiles"]
    assert logs["user_logs/std_log.txt"] == logs["azureml-logs/70_driver_log.txt"] == "training in submitted\n"
    run.download_file("outputs/deep/model.txt", str(tmp_path / "model.txt"))
    assert (tmp_path / "model.txt").read_text() == "m"
    model = run.register_model("submitted-model", "outputs/deep/model.txt")
    assert model.run_id == run.id


def test_a_run_is_found_again_as_what_it_is(submit: Submit, experiment: Experiment, tmp_path: Path) -> None:
    run = submit("print('short')")
    run.wait_for_completion()
    for found in (
        Run.get(experiment.workspace, run.id),
        next(iter(experiment.get_runs())),
        next(iter(Run.list(experiment, type="azureml.scriptrun"))),
    ):
        assert isinstance(found, ScriptRun) and found.id == run.id
    assert found.get_environment().name == "project_environment"
    with zipfile.ZipFile(run.restore_snapshot(path=str(tmp_path / "restored"))) as archive:
        assert archive.namelist() == ["train.py"]


def test_a_failing_script_fails_with_its_traceback(submit: Submit) -> None:
    run = submit("def fit():\n    raise ValueError('no rows in the data')\nfit()")
    with pytest.raises(ActivityFailedException, match="exit code 1: ValueError: no rows in the data") as caught:
        run.wait_for_completion(show_output=True)
    assert "in fit" in caught.value.message
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"
    assert run.get_details()["error"]["code"] == "UserError"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("import sys; sys.exit(3)", "exit code 3"),
        ("1 +", "SyntaxError"),
    ],
)
def test_every_bad_end_says_how(submit: Submit, text: str, said: str) -> None:
    run = submit(text)
    details = run.wait_for_completion(raise_on_error=False)
    assert details["status"] == "Failed"
    assert said in details["error"]["message"]


def test_cancel_ends_the_script_and_what_it_started(submit: Submit) -> None:
    run = submit(
        """
        import subprocess, os
        os.makedirs("outputs"); open("outputs/partial.txt", "w").write("half")
        child = subprocess.Popen(["sleep", "300"])
        print(os.getpid(), child.pid, flush=True)
        child.wait()
        """
    )
    pids = [int(word) for word in started(run).split()]
    run.cancel()
    assert run.get_status() == "Canceled"
    assert all(gone(pid) for pid in pids)
    assert "outputs/partial.txt" in run.get_file_names()


@pytest.mark.parametrize(("end", "status"), [(Run.cancel, "Canceled"), (Run.fail, "Failed")])
@pytest.mark.parametrize("wait", [False, True], ids=["at once", "while it works"])
def test_a_run_can_be_ended_at_any_time(submit: Submit, end: Callable[[Run], None], status: str, wait: bool) -> None:
    run = submit("import time; print('up'); time.sleep(600)")
    if wait:
        started(run)
    end(run)
    assert run.get_status() == status
    assert run._place.running() is None or wait
    assert run._place.running("script") is None


def test_a_run_outlives_the_process_that_submitted_it(ws: Workspace, write: Write) -> None:
    source = write("import time; time.sleep(2); from azureml.core import Run; Run.get_context().log('late', 1)")
    code = (
        "from jupyter_mldeploy.core import *; import sys\n"
        "from pathlib import Path; from jupyter_mldeploy.disk import Home\n"
        f"ws = Workspace._at(Home(Path({str(ws._home.path)!r})))\n"
        f"print(Experiment(ws, 'orphans').submit(ScriptRunConfig({str(source)!r}, script='train.py')).id)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    run = Run.get(ws, done.stdout.split()[-1])
    assert run.wait_for_completion()["status"] == "Completed"
    assert run.get_metrics() == {"late": 1}


def test_a_run_whose_process_died_reads_as_failed(submit: Submit) -> None:
    run = submit("import os, time; print(os.getpid(), flush=True); time.sleep(300)")
    script = int(started(run))
    runner = run._place.running()
    assert runner is not None
    os.kill(runner.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while run.get_status() not in ENDED and time.monotonic() < deadline:
        time.sleep(0.1)
    assert run.get_status() == "Failed"
    assert "ended before it had finished" in run.get_details()["error"]["message"]
    time.sleep(0.2)
    assert gone(script)
    assert "user_logs/std_log.txt" in run.get_file_names()


def test_a_script_may_run_for_so_long(submit: Submit) -> None:
    run = submit("import time; time.sleep(300)", max_run_duration_seconds=1)
    assert "max_run_duration_seconds" in run.wait_for_completion(raise_on_error=False)["error"]["message"]


def test_a_command_runs_in_a_shell_of_the_environment(submit: Submit) -> None:
    environment = Environment("mine")
    environment.python.user_managed_dependencies = True
    environment.environment_variables["COLOUR"] = "blue"
    script = "import os, sys; print(os.environ['COLOUR'], sys.argv[1:])"
    run = submit(script, command="python train.py 'a b' && echo ok", environment=environment)
    run.wait_for_completion()
    assert run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"] == "blue ['a b']\nok\n"


def test_the_words_of_a_script_on_itself_hold(submit: Submit) -> None:
    run = submit("from azureml.core import Run; Run.get_context().fail('not good enough')")
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"
    assert run.get_details()["error"]["message"] == "not good enough"


def test_a_script_registers_what_it_has_just_written(submit: Submit, ws: Workspace) -> None:
    run = submit(
        """
        import os
        from azureml.core import Run
        os.makedirs("outputs/folder")
        open("outputs/folder/model.txt", "w").write("m")
        open("outputs/other.txt", "w").write("o")
        run = Run.get_context()
        run.register_model("just-written", "outputs/folder")
        print(run.get_file_names())
        """
    )
    run.wait_for_completion()
    assert run._text("user_logs/std_log.txt").splitlines()[-1] == "['outputs/folder/model.txt']"
    assert ws.models["just-written"].run_id == run.id
    assert {"outputs/folder/model.txt", "outputs/other.txt"} <= set(run.get_file_names())


def test_mlflow_logs_to_the_same_run(submit: Submit) -> None:
    run = submit("import mlflow\nwith mlflow.start_run():\n    mlflow.log_metric('loss', 0.25)")
    run.wait_for_completion()
    assert run.get_metrics() == {"loss": 0.25}


def test_a_child_is_submitted_below_its_run(submit: Submit, write: Write, experiment: Experiment) -> None:
    parent = experiment.start_logging()
    child = parent.submit_child(ScriptRunConfig(write("print(1)"), script="train.py"))
    child.wait_for_completion()
    parent.complete()
    assert [run.id for run in parent.get_children()] == [child.id]


def test_another_compute_target_is_a_stand_in_that_says_so(
    submit: Submit, ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = ComputeTarget.create(ws, "cpu-cluster", AmlCompute.provisioning_configuration(vm_size="any"))
    run = submit("print('here')", compute_target=cluster)
    assert "'cpu-cluster' is a stand-in" in capsys.readouterr().out
    assert run.wait_for_completion()["target"] == "cpu-cluster"
    assert [found.id for found in Run.list_by_compute(cluster)] == [run.id]


def test_what_cannot_run_is_refused_before_anything_is_started(
    submit: Submit, experiment: Experiment, tmp_path: Path
) -> None:
    before = len(list(experiment.get_runs()))
    with pytest.raises(UserErrorException, match="no script 'other.py'.*Scripts there: train.py"):
        experiment.submit(ScriptRunConfig(_with_train(tmp_path), script="other.py"))
    with pytest.raises(UserErrorException, match="is no folder"):
        experiment.submit(ScriptRunConfig(str(tmp_path / "nowhere"), script="train.py"))
    with pytest.raises(UserErrorException, match="nothing to run"):
        experiment.submit(ScriptRunConfig(str(tmp_path)))
    with pytest.raises(UserErrorException, match="script or command"):
        ScriptRunConfig(str(tmp_path), script="train.py", command="python train.py")
    with pytest.raises(ComputeTargetException, match="ComputeTargetNotFound"):
        submit("print(1)", compute_target="no-such-cluster")
    assert len(list(experiment.get_runs())) == before


def _with_train(tmp_path: Path) -> str:
    (tmp_path / "train.py").write_text("print(1)")
    return str(tmp_path)


def test_a_run_configuration_is_saved_and_loaded(tmp_path: Path) -> None:
    kept = RunConfiguration(script="train.py", arguments=["--a", 1])
    kept.environment.environment_variables["COLOUR"] = "green"
    kept.environment_variables["SIZE"] = 3
    kept.save(str(tmp_path), "mine")
    loaded = RunConfiguration.load(str(tmp_path), "mine")
    assert (loaded.script, loaded.arguments, loaded.target) == ("train.py", ["--a", "1"], "local")
    assert loaded.environment.environment_variables["COLOUR"] == "green"
    assert loaded.environment_variables == {"SIZE": 3}
    RunConfiguration.delete(str(tmp_path), "mine")
    with pytest.raises(UserErrorException, match="no run configuration"):
        RunConfiguration.load(str(tmp_path), "mine")
