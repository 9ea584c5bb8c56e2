import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mldeploy.azureml import finder

Python = Callable[..., subprocess.CompletedProcess[str]]

IMPORTS = """
    import azureml.core
    from azureml._common.exceptions import AzureMLException
    from azureml.core import ComputeTarget, ContainerRegistry, Environment, Experiment, Keyvault, Model, Run, Webservice
    from azureml.core import Workspace, get_run
    from azureml.core.authentication import InteractiveLoginAuthentication, ServicePrincipalAuthentication
    from azureml.core.compute import AksCompute, AmlCompute, ComputeTarget, KubernetesCompute
    from azureml.core.compute_target import ComputeTargetException
    from azureml.core.conda_dependencies import CondaDependencies
    from azureml.core.environment import Environment
    from azureml.core.experiment import Experiment
    from azureml.core.model import InferenceConfig, Model
    from azureml.core.resource_configuration import ResourceConfiguration
    from azureml.core.run import Run
    from azureml.core.webservice import AciWebservice, AksEndpoint, AksWebservice, LocalWebservice, UnknownWebservice
    from azureml.core.webservice import Webservice
    from azureml.core.workspace import Workspace
    from azureml.exceptions import WebserviceException
"""


def test_every_import_of_deployment_notebooks_resolves(python: Python) -> None:
    done = python(
        f"""
        import jupyter_mldeploy.azureml
        {IMPORTS.replace(chr(10), chr(10) + "    ")}
        print(azureml.core.VERSION, azureml.core.__version__, azureml.core.model.Model.__name__)
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1.61.0", "1.61.0", "Model"]


def test_a_class_is_the_same_by_whatever_name_it_was_imported(python: Python) -> None:
    done = python(
        """
        import jupyter_mldeploy.azureml
        import azureml.core, azureml.core.model, azureml.exceptions, azureml._common.exceptions
        import jupyter_mldeploy, jupyter_mldeploy.core.exceptions
        assert azureml.core.Model is azureml.core.model.Model is jupyter_mldeploy.Model
        theirs, ours = azureml.exceptions.WebserviceException, jupyter_mldeploy.core.exceptions.WebserviceException
        assert theirs is ours is azureml._common.exceptions.WebserviceException
        """
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", finder.TABLE)
def test_every_module_of_the_table_has_its_twin(name: str) -> None:
    assert finder.public_names(name)
    if finder.TABLE[name]:
        assert finder.twin_of(name).__name__ == f"jupyter_mldeploy.{finder.TABLE[name]}"


def test_every_public_module_of_core_is_in_the_table() -> None:
    core = Path(finder.__file__).parents[1] / "core"
    modules = {f"core.{path.stem}" for path in core.iterdir() if not path.stem.startswith(("_", "exceptions"))}
    assert modules <= set(finder.TABLE.values())


def test_the_alias_is_there_within_100_ms(python: Python) -> None:
    code = """
        import time
        before = time.process_time()
        import jupyter_mldeploy.azureml
        print(time.process_time() - before)
        """
    assert min(float(python(code).stdout) for _ in range(3)) <= 0.1


def test_child_processes_see_the_alias(python: Python) -> None:
    done = python(
        """
        import subprocess, sys
        import jupyter_mldeploy.azureml
        open("train.py", "w").write("from azureml.core import Workspace, VERSION; print(VERSION, Workspace.__module__)")
        subprocess.run([sys.executable, "train.py"], check=True)
        """
    )
    assert done.stdout.split() == ["1.61.0", "jupyter_mldeploy.core.workspace"], done.stderr


def test_a_spawned_process_unpickles_what_the_alias_named(python: Python) -> None:
    done = python(
        """
        import pickle, subprocess, sys
        import jupyter_mldeploy.azureml
        from azureml.core.webservice import LocalWebservice
        data = pickle.dumps(LocalWebservice.deploy_configuration(port=8890))
        code = "import pickle, sys; print(pickle.loads(sys.stdin.buffer.read()).port)"
        print(subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True).stdout.decode())
        """
    )
    assert done.stdout.strip() == "8890", done.stderr


def test_another_python_without_the_package_is_told_what_is_missing(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    environment = os.environ | {"PYTHONPATH": str(finder.FOLDER)}
    command = [bare / "bin" / "python", "-c", "import azureml.core"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError")
    assert "lacks jupyter-mldeploy" in last and str(bare / "bin" / "python") in last and str(finder.FOLDER) in last


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A folder with another package called azureml, as the SDK's own would be installed."""
    package = tmp_path / "site" / "azureml" / "core"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("")
    (package / "__init__.py").write_text("VERSION = 'the real one'")
    return package.parents[1]


def test_the_alias_is_refused_after_the_real_package_was_imported(python: Python, real: Path) -> None:
    done = python(
        """
        import azureml.core
        try:
            import jupyter_mldeploy.azureml
        except ImportError as error:
            print(error)
        print(azureml.core.VERSION)
        """,
        path=str(real),
    )
    assert "The real Azure ML SDK was imported before" in done.stdout
    assert "Restart the kernel" in done.stdout and str(real) in done.stdout
    assert done.stdout.endswith("the real one\n"), "and nothing was changed"


def test_the_alias_wins_over_an_installed_package_that_was_not_imported(python: Python, real: Path) -> None:
    code = "import jupyter_mldeploy.azureml, subprocess, sys, azureml.core; print(azureml.core.VERSION, flush=True);"
    child = "subprocess.run([sys.executable, '-c', 'import azureml.core; print(azureml.core.VERSION)'])"
    done = python(code + child, path=str(real))
    assert done.stdout.split() == ["1.61.0", "1.61.0"], done.stderr


def test_a_bare_namespace_is_no_reason_to_refuse(python: Python, tmp_path: Path) -> None:
    """Some installations leave an empty `azureml` in every process, by a .pth file."""
    (tmp_path / "space" / "azureml").mkdir(parents=True)
    code = (
        "import azureml; assert azureml.__file__ is None; import jupyter_mldeploy.azureml, azureml.core as c; print(c)"
    )
    done = python(code, path=str(tmp_path / "space"))
    assert done.returncode == 0, done.stderr


def test_removing_the_alias_gives_the_names_back(python: Python, real: Path) -> None:
    done = python(
        """
        import os, sys
        before = os.environ["PYTHONPATH"]
        import jupyter_mldeploy.azureml as alias
        from azureml.core import Workspace
        alias.install()
        assert os.environ["PYTHONPATH"].count("on_path") == 1
        alias.remove()
        assert os.environ["PYTHONPATH"] == before
        import azureml.core
        print(azureml.core.VERSION)
        """,
        path=str(real),
    )
    assert done.stdout == "the real one\n", done.stderr


@pytest.mark.parametrize(
    ("statement", "missing", "existing"),
    [
        ("from azureml.core import NoSuchName", "'NoSuchName'", "Workspace"),
        ("from azureml.core.model import ModelFactory", "'ModelFactory'", "InferenceConfig"),
        ("from azureml.exceptions import NoSuchException", "'NoSuchException'", "WebserviceException"),
        ("import azureml.core.no_such", "'no_such'", "webservice"),
        ("import azureml.no_such", "'no_such'", "core, data"),
    ],
)
def test_a_name_that_we_lack_says_which_and_what_exists(
    python: Python, statement: str, missing: str, existing: str
) -> None:
    code = f"""
        import jupyter_mldeploy.azureml
        try:
            {statement}
        except ImportError as error:
            print(error)
        """
    said = python(code).stdout
    assert missing in said and "jupyter-mldeploy" in said
    assert existing in said.partition("What exists")[2]


def test_asking_for_an_attribute_that_is_not_there_is_an_attribute_error(python: Python) -> None:
    code = (
        "import jupyter_mldeploy.azureml, azureml.core as c; print(hasattr(c, 'NoSuchName'), hasattr(c, 'Workspace'))"
    )
    assert python(code).stdout.split() == ["False", "True"]


def test_a_star_import_brings_the_public_names(python: Python) -> None:
    done = python("import jupyter_mldeploy.azureml\nfrom azureml.core import *\nprint(Workspace.__name__, VERSION)")
    assert done.stdout.split() == ["Workspace", "1.61.0"], done.stderr


def test_the_extension_is_loaded_and_unloaded_by_ipython(python: Python) -> None:
    done = python(
        """
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell()
        shell.run_line_magic("load_ext", "jupyter_mldeploy.azureml")
        import azureml.core
        shell.run_line_magic("unload_ext", "jupyter_mldeploy.azureml")
        try:
            import azureml.core
        except ImportError:
            print("gone")
        shell.run_line_magic("load_ext", "jupyter_mldeploy.azureml")
        import azureml.core
        print("back")
        """
    )
    assert done.stdout.split() == ["gone", "back"], done.stderr


def test_the_folder_for_child_processes_holds_one_name_only() -> None:
    assert [path.name for path in finder.FOLDER.iterdir() if path.name != "__pycache__"] == ["azureml"]


CORNERS = {
    "from azureml.train.automl import AutoMLConfig": "AutoMLConfig(task='classification')",
    "from azureml.train.hyperdrive import *\nfrom azureml.train.hyperdrive import choice": "choice(1, 2)",
    "from azureml.pipeline.core import Pipeline": "Pipeline(workspace=None, steps=[])",
    "import azureml.pipeline.steps as s": "s.PythonScriptStep('x')",
    "from azureml.opendatasets import MNIST": "MNIST.get_tabular_dataset()",
    "from azureml.interpret import ExplanationClient": "ExplanationClient.from_run(None)",
    "from azureml.contrib.fairness import upload_dashboard_dictionary": "upload_dashboard_dictionary()",
    "from azureml.core import LinkedService": "LinkedService.list(None)",
}


@pytest.mark.parametrize("statement", CORNERS)
def test_a_far_corner_can_be_imported_and_using_it_says_what_to_use_today(python: Python, statement: str) -> None:
    code = [
        "import jupyter_mldeploy.azureml",
        statement,
        "try:",
        f"    {CORNERS[statement]}",
        "except NotImplementedError as error:",
        "    print(error.message)",
    ]
    done = python("\n".join(code))
    assert "belonged to" in done.stdout and "which is not here. " in done.stdout, done.stderr


def test_a_name_of_a_far_corner_can_be_inherited_from_and_looked_into(python: Python) -> None:
    done = python(
        """
        import jupyter_mldeploy.azureml
        from azureml.pipeline.steps import PythonScriptStep
        from azureml.telemetry import set_diagnostics_collection
        class Step(PythonScriptStep): pass
        set_diagnostics_collection(send_diagnostics=True)
        print(hasattr(Step, "x"), isinstance(1, Step), PythonScriptStep)
        """
    )
    assert done.stdout.startswith("False False <azureml.pipeline.steps.PythonScriptStep"), done.stderr
