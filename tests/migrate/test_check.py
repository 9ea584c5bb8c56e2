"""`jupyter mldeploy check`: what it says of each kind of cell, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mldeploy.migrate import HAND, RUNS, STANDS_IN, as_text, check
from jupyter_mldeploy.migrate.magics import apart

from .conftest import Command, Found, Notebook

WS = "from azureml.core import Experiment, Model, Workspace\nws = Workspace.from_config()\n"
COURSE = (
    "import jupyter_mldeploy.azureml",
    "import azureml.core\nfrom azureml.core import Workspace\nws = Workspace.from_config()\n"
    "print(azureml.core.VERSION, ws.name, ws.location, ws.resource_group, sep='\\t')",
    "from azureml.core import Experiment, Model\nexperiment = Experiment(workspace=ws, name='diabetes')\n"
    "run = experiment.start_logging()\nrun.log('AUC', 0.8)\n"
    "run.upload_file(name='outputs/m.pkl', path_or_stream='./m.pkl')\nrun.complete()\n"
    "run.register_model(model_path='outputs/m.pkl', model_name='m', tags={'a': 'b'}, "
    "properties={'AUC': run.get_metrics()['AUC']})\n"
    "for model in Model.list(ws):\n    print(model.name, 'version:', model.version)\n"
    "    for tag in model.tags:\n        print(tag, model.tags[tag])",
    "%%writefile $script_file\nimport json\nfrom azureml.core.model import Model\ndef init():\n"
    "    Model.get_model_path('m')",
    "from azureml.core.model import InferenceConfig\nfrom azureml.core.webservice import LocalWebservice\n"
    "config = InferenceConfig(runtime='python', entry_script='score.py', conda_file='env.yml')\n"
    "service = Model.deploy(ws, 's', [ws.models['m']], config, LocalWebservice.deploy_configuration(port=8890))\n"
    "service.wait_for_deployment(True)\nprint(service.state, service.get_logs())\n"
    "for name in ws.webservices:\n    print(name, ws.webservices[name].scoring_uri)",
    "import json, requests\njson.loads(service.run(input_data='{}'))\nservice.delete()\nprint(service.state)",
)


def test_the_course_notebook_runs(notebook: Notebook, command: Command) -> None:
    code, said = command("check", notebook(*COURSE))
    assert code == 0, said
    assert said.splitlines()[1:] == ["6 code cells: 6 run, 0 stand in, 0 need a hand."]


def test_a_missing_first_cell_is_asked_for(notebook: Notebook) -> None:
    assert not check(notebook(*COURSE)).needs_alias
    assert "import jupyter_mldeploy.azureml" in as_text(check(notebook(*COURSE[1:])))
    assert not check(notebook("import pandas")).needs_alias


@pytest.mark.parametrize(
    ("cell", "name", "verdict"),
    [
        ("ws.frobnicate()", "Workspace.frobnicate", HAND),
        ("ws.list_keys()", "Workspace.list_keys", HAND),
        ("list(ws.models.values())[0].nope", "Model.nope", HAND),
        ("Model(ws, 'm').nope", "Model.nope", HAND),
        ("with Experiment(ws, 'e').start_logging() as run:\n    run.lag('a', 1)", "Run.lag", HAND),
        ("[run.nope for run in Experiment(ws, 'e').get_runs()]", "Run.nope", HAND),
        ("Experiment(ws, 'e').start_logging().log('a', 1, colour=2)", "Run.log", HAND),
        ("from azureml.core import Nonsense", "azureml.core.Nonsense", HAND),
        ("import azureml.nonsense", "azureml.nonsense", HAND),
        ("from azureml.train.automl import AutoMLConfig\nAutoMLConfig(task='x')", "AutoMLConfig", HAND),
        ("from azure.ai.ml import MLClient", "azure.ai.ml", HAND),
        ("!az ml service list", "az", HAND),
        ("%%bash\nls\naz login", "az", HAND),
        ("print 'old'", "syntax", HAND),
        ("%%writefile score.py\nfrom azureml.core.model import Model\nModel.frob()", "Model.frob", HAND),
        ("from azureml.core.webservice import AciWebservice\nAciWebservice.deploy_configuration(cpu_cores=1)",
         "AciWebservice.deploy_configuration", STANDS_IN),
        ("import numpy as np\nnp.float(1)", "numpy.float", STANDS_IN),
        ("from numpy import asscalar", "numpy.asscalar", STANDS_IN),
        ("from sklearn.externals import joblib", "sklearn.externals.joblib", STANDS_IN),
        ("from sklearn.datasets import load_boston", "sklearn.datasets.load_boston", HAND),
        ("!pip install --upgrade azureml-sdk[notebooks]", "pip", STANDS_IN),
        ("%pip install azureml-core", "pip", STANDS_IN),
    ],
)  # fmt: skip
def test_each_kind_of_trouble_is_named(found: Found, cell: str, name: str, verdict: str) -> None:
    (finding,) = found(WS, cell)
    assert (finding.cell, finding.name, finding.verdict) == (3, name, verdict)
    assert finding.text


@pytest.mark.parametrize(
    "cell",
    [
        "from azureml.train.automl import AutoMLConfig",  # importing does no harm
        "from azureml.widgets import RunDetails\nRunDetails(Experiment(ws, 'e').start_logging()).show()",
        "ws = 3\nws.anything",
        "def score(ws):\n    return ws.anything",
        "model = Model(ws, 'm')\nprint(model.name, model.version, model.id, model.description, model.created_time)",
        "%matplotlib inline\n%time x = 1\n!ls -l \\\n  | grep x\nws.name?\nfiles = !ls\nif True:\n    !echo yes",
        "%%javascript\nalert('az login')",
        "%%time\nws.get_details()",
        "from azureml.core import *",
        "from .mine import azureml",
        "import numpy as np\nnp.mean([1])",
        "ws.models['m'].download(target_dir='.', exist_ok=True)",
        "",
    ],
)
def test_what_runs_is_left_in_peace(found: Found, cell: str) -> None:
    assert found(WS, cell) == []


def test_variables_stay_from_cell_to_cell(found: Found) -> None:
    (finding,) = found(WS + "run = Experiment(ws, 'e').start_logging()", "print(1)", "run.nope()")
    assert (finding.cell, finding.line, finding.name) == (4, 1, "Run.nope")


def test_the_sentence_of_an_unavailable_call_is_the_calls_own(found: Found) -> None:
    (finding,) = found(WS, "\n\nws.sync_keys()")
    assert finding.line == 3
    assert "no storage account" in finding.text


def test_json_has_a_verdict_for_each_cell(notebook: Notebook, command: Command) -> None:
    code, said = command("check", "--json", notebook(WS, "ws.nope", "import numpy as np; np.int(3)"), "absent.ipynb")
    assert code == 2
    answer = json.loads(said)
    (report,) = answer["notebooks"]
    assert [cell["verdict"] for cell in report["cells"]] == [RUNS, HAND, STANDS_IN]
    assert report["verdict"] == HAND and report["needs_alias"]
    assert report["cells"][1]["findings"][0] == {
        "line": 1,
        "name": "Workspace.nope",
        "verdict": HAND,
        "text": "Workspace has no 'nope' here",
    }
    assert "absent.ipynb" in answer["unreadable"][0]["error"]


def test_the_exit_code_tells(notebook: Notebook, command: Command) -> None:
    good, bad = notebook(WS, name="good.ipynb"), notebook(WS, "ws.nope", name="bad.ipynb")
    assert command("check", good)[0] == 0
    assert command("check", good, bad)[0] == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.ipynb", b"{", "is no notebook"),
        ("a.ipynb", b"[]", "no list of cells"),
        ("a.ipynb", b'{"cells": [3]}', "no list of cells"),
        ("a.ipynb", b'{"worksheets": []}', "nbformat 3"),
        ("a.ipynb", b'{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}', "a notebook in R"),
        ("a.py", b"\xff\xfe", "not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_said_and_is_code_2(
    tmp_path: Path, command: Command, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    for verb in ("check", "convert"):
        code, printed = command(verb, tmp_path / name)
        assert code == 2 and said in printed
        assert (tmp_path / name).read_bytes() == content


def test_a_script_is_read_with_its_own_lines(tmp_path: Path, command: Command) -> None:
    (tmp_path / "train.py").write_text(f"{WS}\n# %%\nws.nope\n")
    code, said = command("check", tmp_path / "train.py")
    assert code == 1
    assert "2     5     needs a hand  Workspace.nope" in said


def test_going_through_a_mapping_gives_names(found: Found) -> None:
    cells = (
        "from azureml.core import Environment, Workspace\nws = Workspace.from_config()",
        "envs = Environment.list(ws)\n[name for name in envs if name.startswith('AzureML')]",
        "for name in ws.webservices:\n    print(name.upper(), ws.webservices[name].nope)",
        "for service in ws.webservices.values():\n    print(service.nada)",
    )
    assert [finding.name for finding in found(*cells)] == ["Webservice.nope", "Webservice.nada"]


SCORE = "%%writefile score.py\n{}\nimport numpy as np\ndef init():\n    pass\ndef run(data):\n    return np.float(1)\n"


def test_an_entry_script_has_the_names_of_a_service(found: Found) -> None:
    there = (
        "from azureml.core.model import Model\nimport azureml.core\nfrom azureml.monitoring import ModelDataCollector\n"
        "from azureml.contrib.services.aml_request import AMLRequest, rawhttp\nModelDataCollector('m')"
    )
    assert [finding.name for finding in found(SCORE.format(there))] == ["numpy.float"]
    [missing, _] = found(SCORE.format("from azureml.core import Model, Workspace\nWorkspace.from_config()"))
    assert (missing.name, missing.verdict) == ("azureml.core.Workspace", HAND)


def test_nothing_is_run(found: Found, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    found(f"open({str(mark)!r}, 'w')", f"!touch {mark}", f"%%writefile {mark}\nx")
    assert not mark.exists()


def test_every_notebook_of_ours_runs() -> None:
    for path in sorted((Path(__file__).parents[1] / "notebooks" / "v1").glob("*.ipynb")):
        report = check(path)
        corners = {"far-corners": 1}.get(path.stem, 0)  # cells that use what is not here, and catch what it says
        assert report.count(HAND) == corners, as_text(report)
        assert not report.needs_alias, path


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="%!?ab= \\\n(x)'\"", max_size=60))
def test_any_cell_is_taken_apart_line_by_line(text: str) -> None:
    parts = apart(text)
    assert parts.python == "" or parts.python.count("\n") == text.count("\n")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=3))
def test_any_text_gives_a_report(tmp_path_factory: pytest.TempPathFactory, cells: list[str]) -> None:
    path = tmp_path_factory.mktemp("any") / "any.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    report = check(path)
    assert len(report.cells) == len(cells)
    assert as_text(report)
