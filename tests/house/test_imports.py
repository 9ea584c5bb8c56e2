"""What an import may load: the front door is light, and nothing below the faces knows Jupyter."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import jupyter_mldeploy

PACKAGE = Path(jupyter_mldeploy.__file__).parent
HEAVY = ("mlflow", "sqlalchemy", "alembic", "pandas", "numpy", "sklearn", "uvicorn", "httptools", "uvloop", "requests")
JUPYTER = ("IPython", "ipywidgets", "jupyter_server", "traitlets", "tornado", "jupyter_core", "papermill", "nbformat")
FACES = ("notebook", "lab", "cli", "azureml")


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after `statement`."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps([m.partition('.')[0] for m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_package_loads_no_web_cloud_mlflow_or_jupyter_module() -> None:
    new = loaded_by("import jupyter_mldeploy") - loaded_by("pass")
    assert new - sys.stdlib_module_names == {"jupyter_mldeploy"}


@pytest.mark.parametrize("extension", ["jupyter_mldeploy", "jupyter_mldeploy.azureml"])
def test_the_faces_import_light(extension: str) -> None:
    assert not loaded_by(f"import {extension}").intersection(HEAVY + JUPYTER)


@pytest.mark.parametrize("name", sorted(jupyter_mldeploy.__all__))
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(jupyter_mldeploy, name) is not None
    assert name in dir(jupyter_mldeploy)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such"):
        jupyter_mldeploy.no_such  # noqa: B018


def test_everything_below_the_faces_imports_without_jupyter_or_mlflow() -> None:
    above = tuple(f"jupyter_mldeploy.{face}" for face in FACES)
    modules = [module for module in _modules() if not module.startswith(above) and not _of_a_service(module)]
    statement = "\n".join(f"import {m}" for m in modules if not m.endswith("__main__") and ".worker" not in m)
    assert not loaded_by(statement).intersection(("mlflow", "sqlalchemy", "pandas", "sklearn", *JUPYTER))


def _of_a_service(module: str) -> bool:
    """What only a service's own interpreter imports."""
    return ".shims" in module or ".nocode.scripts." in module


def test_nothing_inside_imports_the_front_door() -> None:
    """The lazy names are for users; inside, a module is imported from where it is."""
    modules = set(_modules())
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and _is_root(node, path):
                for alias in node.names:
                    inner = f"jupyter_mldeploy.{alias.name}"
                    assert inner in modules or alias.name == "__version__", f"{path}:{node.lineno} {alias.name}"


def _is_root(node: ast.ImportFrom, path: Path) -> bool:
    depth = len(path.relative_to(PACKAGE).parts)
    return node.module == "jupyter_mldeploy" or (node.module is None and node.level == depth)


def _modules() -> list[str]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found
