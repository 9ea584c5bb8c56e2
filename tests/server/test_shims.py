"""The `azureml…` names inside a service: what entry scripts import works, what is missing says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mldeploy.server import frames

from .worker_driver import Worker, write

SCRIPT = """
def init():
    pass
def run(raw_data):
    found = {}
    exec(raw_data, found)
    return found.get("out")
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    root = write(tmp_path_factory.mktemp("shims"), SCRIPT)
    write(root, "2", "azureml-models/m/2/model.txt")
    write(root, "11", "azureml-models/m/11/model.txt")
    write(root, "x", "azureml-models/two/1/a")
    write(root, "x", "azureml-models/two/1/b")
    with Worker(root) as worker:
        yield worker.ready()


def outcome(worker: Worker, code: str) -> object:
    """What the code leaves in `out`, or the last line of its traceback."""
    answer = worker.ask(code.encode())
    if answer.status == frames.OK:
        return json.loads(answer.body)
    return answer.body.decode()


WORKS = {
    "from azureml.core.model import Model\nout = open(Model.get_model_path('m')).read()": "11",
    "from azureml.core import Model\nout = open(Model.get_model_path('m', 2)).read()": "2",
    "from azureml.core.model import Model\nout = open(Model.get_model_path(model_name='m', version=2)).read()": "2",
    "import azureml.core\nout = azureml.core.VERSION == azureml.core.__version__ == '1.61.0'": True,
    "import azureml.core.model as m\nout = m.Model.__name__": "Model",
    "from azureml.exceptions import WebserviceException, AzureMLException, ModelNotFoundException\n"
    "e = WebserviceException('WebserviceNotFound: x', 404)\n"
    "out = [e.message, e.status_code, isinstance(e, AzureMLException)]": ["WebserviceNotFound: x", 404, True],
    "from azureml.contrib.services.aml_request import AMLRequest\n"
    "from azureml_inference_server_http.api.aml_request import AMLRequest as Same\nout = AMLRequest is Same": True,
    "from azureml.contrib.services.aml_response import AMLResponse\nout = AMLResponse('x', 201).status_code": 201,
    "import azureml.core\nout = hasattr(azureml.core, '__wrapped__')": False,
    "from azureml.core import Workspace, Run, Experiment\nimport azureml.core.workspace\n"
    "from azureml.core.authentication import ServicePrincipalAuthentication\n"
    "def f(ws: Workspace = None) -> Run: pass\nout = isinstance(1, Workspace)": False,
    "from azureml.core import Workspace\nfrom azureml.core import Workspace as Same\nout = Workspace is Same": True,
    "from azureml.exceptions import DatasetTypeException, AzureMLException\ntry:\n    out = 1\n"
    "except DatasetTypeException:\n    pass\nout = issubclass(DatasetTypeException, AzureMLException)": True,
    "try:\n    import azureml.dataprep\nexcept ImportError:\n    out = 'absent'": "absent",
}


@pytest.mark.parametrize("code", WORKS)
def test_what_scripts_import_is_there(worker: Worker, code: str) -> None:
    assert outcome(worker, code) == WORKS[code]


MISSING = {
    "import azureml.dataprep": "azureml.dataprep is not available inside a service",
    "from azureml.core import Workspace\nWorkspace.from_config()": "azureml.core.Workspace is not available inside",
    "from azureml.core import Workspace\nWorkspace('a', 'b', 'c')": "azureml.core.Workspace is not available inside",
    "from azureml.core.run import Run\nRun.get_context()": "azureml.core.run.Run is not available inside a service",
    "import azureml.core.workspace as w\nw.Workspace()": "azureml.core.workspace.Workspace is not available inside",
    "from azureml.core.model import InferenceConfig\nInferenceConfig()": "azureml.core.model.InferenceConfig is not",
    "from azureml.core import Model\nModel(None, 'm')": "Use Model.get_model_path(name)",
    "from azureml.core import Model\nModel.get_model_path('nope')": "ModelNotFoundException",
    "from azureml.core import Model\nModel.get_model_path('nope', 1)": "WebserviceException",
    "from azureml.core import Model\nModel.get_model_path('m', '1')": "must be an int",
    "from azureml.core import Model\nModel.get_model_path('two')": "holds: a, b",
}


@pytest.mark.parametrize("code", MISSING)
def test_what_is_missing_says_so(worker: Worker, code: str) -> None:
    text = outcome(worker, code)
    assert isinstance(text, str)
    assert MISSING[code] in text


def test_a_not_found_error_carries_its_token_and_what_is_there(worker: Worker) -> None:
    code = (
        "from azureml.core import Model\ntry:\n    Model.get_model_path('nope')\n"
        "except Exception as e:\n    out = [e.message, str(e)]"
    )
    message, text = outcome(worker, code)  # type: ignore[misc]
    assert message.startswith("ModelNotFound")
    assert "m, two" in message
    assert text.startswith("ModelNotFoundException:\n")
    assert json.loads(text[text.index("{") :])["error"]["code"] == "ModelNotFoundException"


def test_an_installed_azureml_does_not_hide_the_shims(tmp_path: Path) -> None:
    """Modules of the app root stand before those of the environment: if they do not hide the shims, none does."""
    write(tmp_path, "raise RuntimeError('the real one')\n", "azureml/__init__.py")
    write(tmp_path, "raise RuntimeError('the real one')\n", "azureml_inference_server_http/__init__.py")
    with Worker(write(tmp_path, SCRIPT)) as worker:
        code = "import azureml.core, azureml_inference_server_http.api.aml_request\nout = 1"
        assert outcome(worker.ready(), code) == 1
