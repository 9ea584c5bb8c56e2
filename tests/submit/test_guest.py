"""A script in an interpreter that lacks this package: its calls reach the run all the same."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas
import pytest

from jupyter_mldeploy.core import Dataset, Experiment, Workspace
from jupyter_mldeploy.core._submission.answering import answering
from jupyter_mldeploy.core._submission.child import ADDRESS, GUEST, INPUT, RUN
from jupyter_mldeploy.core.environment import Environment

from .conftest import Submit

TRAIN = """
    import os
    from azureml.core import Run
    from azureml.core.run import Run as Same, _OfflineRun

    try:
        import jupyter_mldeploy
    except ImportError:
        print("a stranger")
    run = Run.get_context()
    assert Same.get_context().id == run.id and not isinstance(run, _OfflineRun)
    run.log("loss", 0.5)
    run.log_list("losses", range(3))
    run.log_row("table", a=1, b="x")
    run.tag("seen", "yes")
    os.makedirs("made")
    open("made/model.txt", "w").write("m")
    run.upload_file("outputs/model.txt", "made/model.txt")
    run.upload_folder(name="outputs/more", path="made")
    run.download_file("outputs/model.txt", "again.txt")
    assert open("again.txt").read() == "m"
    print(run.get_metrics()["loss"], run.tags, run.get_status())
    run.register_model("guest-model", "outputs/model.txt")
    run.complete()
"""


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An interpreter with nothing but the standard library."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    environment = Environment("bare")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = str(folder / "bin" / "python")
    return environment


def test_a_stranger_logs_to_the_same_run(submit: Submit, elsewhere: Environment) -> None:
    run = submit(TRAIN, environment=elsewhere)
    run.wait_for_completion()
    log = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    assert log == "a stranger\n0.5 {'seen': 'yes'} Running\n"
    assert run.get_metrics() == {"loss": 0.5, "losses": [0, 1, 2], "table": {"a": 1, "b": "x"}}
    assert {"outputs/model.txt", "outputs/more/model.txt"} <= set(run.get_file_names())
    assert run.experiment.workspace.models["guest-model"].run_id == run.id


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("from azureml.core import Nothing", "Nothing"),
        ("import azureml.train.automl as a; a.AutoMLConfig", "azureml.train.automl"),
        ("from azureml.core import Run; Run.get_context().log('a', [1])", "log_list"),
        ("from azureml.core import Run; Run.get_context().submit_child(None)", "NotAvailable"),
        ("from azureml.core import Run; Run.get_context().nothing", "nothing"),
    ],
)
def test_what_a_stranger_cannot_do_says_so(submit: Submit, elsewhere: Environment, text: str, said: str) -> None:
    run = submit(text, environment=elsewhere)
    details = run.wait_for_completion(raise_on_error=False)
    assert details["status"] == "Failed"
    assert said in details["error"]["message"]


def test_a_stranger_reads_its_tables_and_logs_a_plot(ws: Workspace, experiment: Experiment) -> None:
    frame = pandas.DataFrame({"day": pandas.to_datetime(["2024-01-01", "2024-01-02"]), "size": [1.5, 2.5]})
    place = (ws.get_default_datastore(), "guest-rows")
    rows = Dataset.Tabular.register_pandas_dataframe(frame, place, name="guest-rows")
    run = experiment.start_logging()
    code = """
        from azureml.core import Run
        class Plot:
            def savefig(self, path, format):
                open(path, "wb").write(b"\\x89PNG\\r\\n\\x1a\\n")
        run = Run.get_context()
        found = run.input_datasets["rows"].to_pandas_dataframe()
        run.log("size", found["size"].sum())
        run.log("year", found["day"].dt.year.max())
        run.log_image("shape", plot=Plot())
        """
    with answering(run) as address:
        variables = {ADDRESS: address, RUN: run.id, INPUT + "rows": rows.id, "PYTHONPATH": str(GUEST)}
        command = [sys.executable, "-c", textwrap.dedent(code)]
        subprocess.run(command, env={**os.environ, **variables}, check=True, timeout=120)
    metrics = run.get_metrics()
    assert (metrics["size"], metrics["year"]) == (4.0, 2024)
    assert metrics["shape"] in run.get_file_names()


OBJECTS = """
    import os
    from azureml.core import Dataset, Experiment, Model, Run
    from azureml.core.model import Model as Same
    from azureml.exceptions import WebserviceException

    run = Run.get_context()
    ws = run.experiment.workspace
    print(run.experiment.name, ws.name, type(ws.subscription_id).__name__)
    rows = Dataset.get_by_id(ws, os.environ["ROWS"])
    print(rows.name, list(rows.to_pandas_dataframe()["size"]), Dataset.get_by_name(ws, "objects-rows").version)
    try:
        Model(ws, "no-such-model")
    except WebserviceException as error:
        print(error.message.partition(":")[0])
    assert not hasattr(run, "nothing")
    open("model.txt", "w").write("m")
    model = Model.register(workspace=ws, model_path="model.txt", model_name="objects-model", tags={"a": 1})
    print(model.name, model.version, model.tags)
    model.download(target_dir="again")
    print(os.listdir("again"), [each.name for each in Same.list(ws, name="objects-model")])
    with run.child_run(name="below") as child:
        child.log("x", 2)
    run.display_name = "renamed"
    run.upload_file("outputs/stream.txt", open("model.txt", "rb"))
    frame = rows.to_pandas_dataframe()
    frame["more"] = 1
    Dataset.Tabular.register_pandas_dataframe(frame, (ws.get_default_datastore(), "objects-more"), "objects-more")
"""


def test_a_stranger_has_the_workspace_and_what_is_in_it(ws: Workspace, experiment: Experiment, tmp_path: Path) -> None:
    frame = pandas.DataFrame({"size": [1.5, 2.5]})
    place = (ws.get_default_datastore(), "objects-rows")
    rows = Dataset.Tabular.register_pandas_dataframe(frame, place, name="objects-rows")
    run = experiment.start_logging()
    with answering(run) as address:
        variables = {ADDRESS: address, RUN: run.id, "ROWS": rows.id, "PYTHONPATH": str(GUEST)}
        command = [sys.executable, "-c", textwrap.dedent(OBJECTS)]
        said = subprocess.run(
            command, env={**os.environ, **variables}, cwd=tmp_path, timeout=120, text=True, capture_output=True
        )
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines() == [
        f"{experiment.name} {ws.name} str",
        "objects-rows [1.5, 2.5] 1",
        "ModelNotFound",
        "objects-model 1 {'a': '1'}",
        "['model.txt'] ['objects-model']",
    ]
    assert [child.get_metrics() for child in run.get_children()] == [{"x": 2}]
    assert [child.get_status() for child in run.get_children()] == ["Completed"]
    assert run._refresh().name == "renamed"
    assert "outputs/stream.txt" in run.get_file_names()
    assert list(Dataset.get_by_name(ws, "objects-more").to_pandas_dataframe()["more"]) == [1, 1]


def test_the_guest_runs_on_an_old_python() -> None:
    """It has to parse there: no syntax newer than that of Python 3.8."""
    for path in GUEST.rglob("*.py"):
        ast.parse(path.read_text(), feature_version=(3, 8))
