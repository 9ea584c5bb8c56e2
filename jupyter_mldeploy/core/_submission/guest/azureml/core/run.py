"""Run, as a submitted script sees it: each call is made by the process that runs the script."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from ._line import Class, Reference, ask

RUN = "AZUREML_RUN_ID"
INPUT = "MLDEPLOY_RUN_INPUT_"


class Run(Reference):
    """The run that this script was submitted as; the same number means the same object there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        made = Class("azureml.core.run", "Run")(*args, **kwargs)
        super().__init__(made._number, made._title)

    @classmethod
    def get_context(cls, allow_offline: bool = True, **kwargs: Any) -> Run:
        """The run of this process."""
        found = cls.__new__(cls)
        found.__dict__.update(_number=0, _title="Run(Id: {})".format(os.environ[RUN]))
        return found

    get_submitted_run = get_context

    @staticmethod
    def get(workspace: Any, run_id: str) -> Any:
        """Any run of the workspace by its id."""
        return Class("azureml.core.run", "Run").get(workspace, run_id)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """An error ends the script, and its exit code the run."""

    def log_image(self, name: str, path: Any = None, plot: Any = None, description: str = "") -> Any:
        """Log an image file, or a plot, which is saved here for the other process to read."""
        if plot is None:
            return ask(on=self, call="log_image", args=[name, path], kwargs={})
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "plot.png")
            (plot if hasattr(plot, "savefig") else plot.gcf()).savefig(file, format="png")
            return ask(on=self, call="log_image", args=[name, file], kwargs={})

    def upload_file(self, name: str, path_or_stream: Any, datastore_name: Any = None) -> Any:
        """Upload a file, or what is read from a stream."""
        if not hasattr(path_or_stream, "read"):
            return ask(on=self, call="upload_file", args=[name, path_or_stream], kwargs={})
        with tempfile.TemporaryDirectory() as folder:
            file, content = os.path.join(folder, "stream"), path_or_stream.read()
            with open(file, "wb") as written:
                written.write(content.encode() if isinstance(content, str) else content)
            return ask(on=self, call="upload_file", args=[name, file], kwargs={})

    @property
    def input_datasets(self) -> dict[str, Any]:
        """The inputs by their names: paths of folders, and tables."""
        given = {key[len(INPUT) :]: value for key, value in os.environ.items() if key.startswith(INPUT)}
        return {name: value if os.path.isabs(value) else _dataset(self, value) for name, value in given.items()}


class _OfflineRun:
    """What `isinstance(run, _OfflineRun)` asks for: a submitted script has none."""


def get_run(experiment: Any, run_id: str, rehydrate: bool = True, clean_up: bool = True) -> Any:
    """The run of that id."""
    return Run.get(experiment.workspace, run_id)


def _dataset(run: Run, id: str) -> Any:
    return Class("azureml.core", "Dataset").get_by_id(run.experiment.workspace, id)
