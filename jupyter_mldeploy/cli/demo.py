"""`jupyter mldeploy demo`: the first lab, run as it is, whose service stays and can be called."""

from __future__ import annotations

import shlex
import shutil
from argparse import Namespace
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp
from typing import Any

from .. import services
from ..core.webservice import Webservice
from ..core.workspace import Workspace
from ..errors import MLDeployError, NotFound
from ..specs import Settings
from ..targets import target
from .commands import workspace
from .kernel import this_python

LAB = "Create-Real-Time-Inferencing_service.ipynb"
NEEDED = ("ipykernel", "joblib", "papermill", "sklearn")  # what the extra `labs` brings


class DemoFailed(MLDeployError):
    """The lab did not come to its end."""


def run(given: Namespace) -> None:
    """Run the lab in a folder of its own, then print what it predicted and how to call its service."""
    _check_packages()
    opened = workspace(given.workspace)
    if given.port:
        target("process", opened._home).check(Settings("demo", port=given.port))
    folder = Path(mkdtemp(prefix="mldeploy-demo-"))
    opened.write_config(str(folder))
    name = f"demo-{token_hex(2)}"
    ran = _execute(folder, {"keep": given.keep, "service_name": name})
    print(_output(ran, "predictions"), end="")
    if not given.keep:
        shutil.rmtree(folder)
        return
    if given.port:
        _move(opened, name, given.port)
    _say_how(Webservice(opened, name), _output(ran, "request").strip(), folder)


def lab() -> Path:
    """Where the lab lies: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    places = [folder / "notebooks" / LAB for folder in (package, package.parent)]
    for place in places:
        if place.is_file():
            return place
    raise NotFound(f"The lab {LAB} is not in {places[0].parent}. Install jupyter-mldeploy again.")


def _check_packages() -> None:
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise NotFound(f"The demo needs {', '.join(missing)}: pip install 'jupyter-mldeploy[labs]'")


def _execute(folder: Path, parameters: dict[str, Any]) -> Any:
    """The notebook as papermill ran it. Raises `DemoFailed` with the cell's own words."""
    from papermill import execute_notebook  # a second or two, and only the demo needs it
    from papermill.exceptions import PapermillExecutionError

    ran = folder / LAB
    with this_python() as kernel:
        try:
            return execute_notebook(lab(), ran, parameters, kernel_name=kernel, language="python", cwd=folder)
        except PapermillExecutionError as error:
            raise DemoFailed(f"Cell {error.exec_count} failed: {error.ename}: {error.evalue} See {ran}") from error


def _output(notebook: Any, tag: str) -> str:
    """What the cells of a tag printed."""
    cells = [cell for cell in notebook.cells if tag in cell.metadata.get("tags", ())]
    return "".join(output.get("text", "") for cell in cells for output in cell.outputs)


def _move(opened: Workspace, name: str, port: int) -> None:
    plan = services.record(opened._home, name).plan
    services.update(opened._home, replace(plan, settings=replace(plan.settings, port=port))).wait()


def _say_how(service: Any, request: str, folder: Path) -> None:
    curl = ["curl", "-sS", "-H", "Content-Type: application/json", "-d", request, service.scoring_uri]
    print(f"\nThe service answers at {service.scoring_uri}\nCall it:\n\n  {shlex.join(curl)}\n")
    print(f"The notebook: {folder / LAB}\nDelete the service: jupyter mldeploy delete {service.name}")
