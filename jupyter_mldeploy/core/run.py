"""Run: one training, with its life cycle and identity. Logging and files stand in `_run_logging` and `_run_files`."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..disk import Home
from ..specs import RunInfo
from . import _run_waiting
from ._offline_run import OfflineRun
from ._run_files import RunFiles
from ._run_logging import RunLogging
from ._run_relatives import RunRelatives, wanted
from ._run_submitted import RunSubmitted
from ._submission import child
from ._tags import as_texts
from .exceptions import RunEnvironmentException, UserErrorException, translated

if TYPE_CHECKING:
    from .experiment import Experiment
    from .model import Model
    from .workspace import Workspace


class Run(RunLogging, RunFiles, RunRelatives, RunSubmitted):
    """The run `run_id` of an experiment, looked up on construction; `experiment.start_logging()` starts a new one.

    A run keeps what is logged and uploaded; one that was submitted also a snapshot of its source folder.
    As a context manager it completes on a normal end and fails on an exception.
    """

    def __init__(self, experiment: Experiment, run_id: str, outputs: str | None = None, **kwargs: Any) -> None:
        self._experiment = experiment
        self._registry = experiment.workspace._registry
        with translated():
            self._info: RunInfo = kwargs.get("_info") or self._registry.run(run_id)
        self._outputs = outputs

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(Experiment: {self._experiment.name},\nId: {self.id},\nName: {self.display_name},\n"
            f"Status: {self.status})"
        )

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.get_status() in _run_waiting.ENDED:
            return
        if kind is None:
            self.complete()
        else:
            self.fail(error_details=f"{kind.__name__}: {error}")

    # Identity.

    @property
    def experiment(self) -> Experiment:
        return self._experiment

    @property
    def id(self) -> str:
        return self._info.id

    @property
    def name(self) -> str:
        return self._info.name

    @property
    def display_name(self) -> str:
        return self._info.name

    @display_name.setter
    @translated()
    def display_name(self, display_name: str) -> None:
        self._registry.rename_run(self.id, name=display_name)
        self._refresh()

    @property
    def description(self) -> str:
        return self._info.description

    @description.setter
    @translated()
    def description(self, description: str) -> None:
        self._registry.rename_run(self.id, description=description)
        self._refresh()

    @property
    def type(self) -> str | None:
        """None for a run that logs from a notebook; `azureml.scriptrun` for one that was submitted."""
        return self._info.tags.get("mldeploy.type")

    @property
    def number(self) -> int:
        return self._info.number

    @property
    def parent(self) -> Run | None:
        return None if self._info.parent_id is None else Run(self._experiment, self._info.parent_id)

    @property
    def status(self) -> str:
        return self.get_status()

    @property
    def tags(self) -> dict[str, str]:
        return self.get_tags()

    @property
    def properties(self) -> dict[str, str]:
        return self.get_properties()

    @translated()
    def _refresh(self) -> RunInfo:
        self._info = self._registry.run(self.id)
        return self._info

    # Life cycle.

    @translated()
    def _end(self, status: str) -> None:
        if self._outputs and Path(self._outputs).is_dir():
            self._upload_new("outputs", Path(self._outputs))
        self._registry.end_run(self.id, status)
        self._refresh()

    @translated()
    def start(self) -> None:
        """Mark the run as running, after it was ended or before it began."""
        self._registry.end_run(self.id, "Running")
        self._refresh()

    def complete(self, _set_status: bool = True) -> None:
        """Mark the run as completed; metrics, files and models can still be added."""
        if _set_status:
            self._end("Completed")

    def fail(self, error_details: Any = None, error_code: str | None = None, _set_status: bool = True) -> None:
        """Mark the run as failed; `get_details()["error"]` shows the details and the code.

        Called from outside on a submitted run that is not at its end, it ends the script as `cancel` does.
        """
        if _set_status and os.environ.get(child.RUN) != self.id:
            self._cancel_submitted()
        details = {"error_details": error_details, "error_code": error_code}
        known = {f"mldeploy.{key}": str(value) for key, value in details.items() if value is not None}
        if known:
            self.set_tags(known)
        if _set_status:
            self._end("Failed")

    def cancel(self) -> None:
        """End the run; a submitted script is asked to end, then killed, and what it wrote is kept."""
        if not self._cancel_submitted():
            self._end("Canceled")

    def flush(self, timeout_seconds: int = 300) -> None:
        """Return at once: every call that logs has written before it returns."""

    def get_status(self) -> str:
        """Running, Completed, Failed, Canceled or NotStarted, as stored now; a submitted run also goes through
        Preparing and Finalizing."""
        return self._stage() or self._refresh().status

    def get_detailed_status(self) -> dict[str, Any]:
        return {"status": self.get_status(), "details": self._error() or ""}

    def _error(self) -> dict[str, str] | None:
        tags = self._info.tags
        found = {key: tags.get(f"mldeploy.error_{key}", "") for key in ("code", "details")}
        return {"code": found["code"], "message": found["details"]} if any(found.values()) else None

    def get_details(self) -> dict[str, Any]:
        """What is known of the run, by v1's keys; times in ISO format, UTC."""
        status = self.get_status()
        info = self._refresh()
        return {
            "runId": info.id,
            "target": "local",
            "status": status,
            "startTimeUtc": _iso(info.start_time),
            "endTimeUtc": _iso(info.end_time),
            "error": self._error(),
            "properties": dict(info.properties),
            "inputDatasets": [],
            "outputDatasets": [],
            "logFiles": {key: key for key in self._log_keys()},
            "submittedBy": info.user,
            **self._definition(),
        }

    @translated()
    def get_details_with_logs(self) -> dict[str, Any]:
        """`get_details()`, with the text of each log file in place of its key."""
        return {**self.get_details(), "logFiles": {key: self._text(key) for key in self._log_keys()}}

    def wait_for_completion(
        self, show_output: bool = False, wait_post_processing: bool = False, raise_on_error: bool = True
    ) -> dict[str, Any]:
        """Wait until the run ends and return `get_details()`, showing what its script prints with `show_output`.

        A failed run → ActivityFailedException with the script's traceback, unless `raise_on_error` is off.
        """
        return _run_waiting.wait(self, show_output, raise_on_error)

    # Tags and properties.

    def tag(self, key: str, value: Any = None) -> None:
        self.set_tags({key: value})

    @translated()
    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags, or change those that exist."""
        self._registry.tag_run(self.id, as_texts("tags", tags, UserErrorException))

    @translated()
    def remove_tags(self, tags: str | builtins.list[str]) -> None:
        names = [tags] if isinstance(tags, str) else [*tags]
        self._registry.tag_run(self.id, dict.fromkeys(names))

    def get_tags(self) -> dict[str, str]:
        return {key: value for key, value in self._refresh().tags.items() if not key.startswith("mldeploy.")}

    @translated()
    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties; one that exists already cannot be changed → UserErrorException."""
        self._registry.add_run_properties(self.id, as_texts("properties", properties, UserErrorException))

    def get_properties(self) -> dict[str, str]:
        return dict(self._refresh().properties)

    # Finding runs.

    @staticmethod
    def list(
        experiment: Experiment,
        type: str | None = None,
        tags: str | Mapping[str, Any] | None = None,
        properties: str | Mapping[str, Any] | None = None,
        status: str | None = None,
        include_children: bool = False,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Run]:
        """The runs of an experiment, newest first."""
        from ._starting import as_run

        with translated():
            found = experiment.workspace._registry.runs(experiment.id)
        for info in found:
            if (include_children or info.parent_id is None) and wanted(info, type, tags, properties, status):
                yield as_run(experiment.workspace, info, experiment)

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> Run:
        """The run with this id, whatever its experiment."""
        from ._starting import as_run

        with translated():
            info = workspace._registry.run(run_id)
        return as_run(workspace, info)

    @classmethod
    def get_context(
        cls, allow_offline: bool = True, used_for_context_manager: bool = False, **kwargs: Any
    ) -> Run | OfflineRun:
        """The run that this process was submitted as; outside of one, an offline run that prints what is logged.

        Outside and with `allow_offline=False` → RunEnvironmentException.
        """
        from .workspace import Workspace

        run_id, folder = os.environ.get(child.RUN), os.environ.get(child.WORKSPACE)
        if run_id and folder:
            return cls.get(Workspace._at(Home(Path(folder))), run_id)
        if not allow_offline:
            raise RunEnvironmentException(
                "This process was not started as a run. Submit it: `Experiment(ws, name).submit(ScriptRunConfig(…))`, "
                "or log from here with `Experiment(ws, name).start_logging()`."
            )
        return OfflineRun()

    @classmethod
    def get_submitted_run(cls, **kwargs: Any) -> Run | OfflineRun:
        """v1's older name of `get_context`."""
        return cls.get_context(**kwargs)

    def get_secret(self, name: str) -> str:
        return self._experiment.workspace.get_default_keyvault().get_secret(name)

    def get_secrets(self, secrets: Sequence[str]) -> dict[str, str]:
        return self._experiment.workspace.get_default_keyvault().get_secrets(secrets)

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        datasets: Sequence[tuple[str, Any]] | None = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: Any = None,
        **kwargs: Any,
    ) -> Model:
        """Register files of this run as a model, also after the run has ended.

        `model_path` is a key inside the run (`outputs/model.pkl`), never a local path; default is the model's name.
        A key that the run does not have → ModelPathNotFoundException, which lists what it has. In a submitted script
        what lies in `outputs/` counts, though it is uploaded at the script's end.
        """
        from .model._register import Registration, register_from_run

        registration = Registration(
            tags=tags,
            properties=properties,
            description=description,
            datasets=datasets,
            model_framework=model_framework,
            model_framework_version=model_framework_version,
            sample_input_dataset=sample_input_dataset,
            sample_output_dataset=sample_output_dataset,
            resource_configuration=resource_configuration,
        )
        self._bring(model_path or model_name)
        return register_from_run(self, model_name, model_path, registration)


_OfflineRun = OfflineRun  # the name under which v1's users ask `isinstance(run, _OfflineRun)`


def get_run(experiment: Experiment, run_id: str, rehydrate: bool = True, clean_up: bool = True) -> Run:
    """The run `run_id` of an experiment (v1's module function)."""
    return Run.get(experiment.workspace, run_id)


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc).isoformat()
