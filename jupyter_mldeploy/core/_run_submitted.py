"""What a run has because a script was submitted: its live stage, logs, snapshot and environment, and cancelling it."""

from __future__ import annotations

import os
import signal
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ..registry import Registry
from ..specs import RunInfo
from ._run_relatives import wanted
from ._submission import snapshot
from ._submission.failing import tail
from ._submission.place import ENDED, Place, Submission
from ._unavailable import unavailable
from .exceptions import UserErrorException, translated

if TYPE_CHECKING:
    from .environment import Environment
    from .experiment import Experiment
    from .run import Run

_NO_SNAPSHOT = (
    "A run that logs from a notebook keeps no snapshot: upload what matters, `run.upload_folder(name, path)`."
)
_ENDING = 15.0  # seconds that a cancelled run may take to end its script and upload what that wrote
_TICK = 0.05


class RunSubmitted:
    """Snapshots, environments and submissions of a run."""

    _experiment: Experiment
    _registry: Registry
    _info: RunInfo

    @property
    def _place(self) -> Place:
        return Place(self._experiment.workspace._home, self._info.id)

    @property
    def _submission(self) -> Submission | None:
        """What was submitted; None for a run that logs from a notebook, or was submitted on another machine."""
        return self._place.read() if self._place.exists() else None

    @property
    def _in_progress(self) -> bool:
        return self._place.exists() and self._place.stage != ENDED

    def _stage(self) -> str | None:
        """How far a submitted run is; None when the status that the registry keeps is the whole truth.

        A run whose process is gone without having ended it is ended here, as failed.
        """
        place = self._place
        if not place.exists():
            return None
        running = place.running()  # asked first: what it writes after that is read in any case
        if place.stage == ENDED:
            return None
        if running is not None:
            return place.stage
        if time.time() - (place.path / "submission.json").stat().st_mtime < 1:
            return "Preparing"  # it is being started right now
        self._give_up(place)
        return None

    def _give_up(self, place: Place) -> None:
        """End a run whose process is gone: its script, which may have outlived it, and its record."""
        if script := place.running("script"):
            os.killpg(script.pid, signal.SIGKILL)
        run = self._as_run
        has = set(run.get_file_names())
        for key, path in place.logs().items():
            if key not in has and path.exists():
                run.upload_file(key, path)
        said = tail(place.control_log)
        run.fail(f"The process that ran the script ended before it had finished.\n{said}".strip(), "Lost")
        place.enter(ENDED)

    @property
    def _as_run(self) -> Run:
        from .run import Run

        return Run(self._experiment, self._info.id, _info=self._info)

    def _cancel_submitted(self) -> bool:
        """End the script of a submitted run; False when no process is left that says how the run ended."""
        place = self._place
        runner = place.running() if self._in_progress else None
        if runner is None or runner.pid == os.getpid():
            return False
        os.kill(runner.pid, signal.SIGTERM)
        deadline = time.monotonic() + _ENDING
        while place.running() and self._in_progress and time.monotonic() < deadline:
            time.sleep(_TICK)
        if not place.running() and self._in_progress:  # it was still starting, and ended without a word
            place.enter(ENDED)
            return False
        return True

    def _bring(self, key: str) -> None:
        """Upload what a script that still runs has written under a `key` of `outputs`: a model may be made of it."""
        place = self._place
        if not self._in_progress or key.partition("/")[0] != "outputs":
            return
        has = set(self._as_run.get_file_names())
        for name, path in snapshot.written(place.work, place.snapshot, "outputs").items():
            if name not in has and f"{name}/".startswith(f"{key.rstrip('/')}/"):
                self._as_run.upload_file(name, path)

    @property
    def input_datasets(self) -> dict[str, Any]:
        """In the script that was submitted: its inputs by the names that `as_named_input` gave them."""
        from ._data.dataset_consumption_config import inputs

        return inputs(self._experiment.workspace)

    def submit_child(self, config: Any, tags: Mapping[str, Any] | None = None, **kwargs: Any) -> Run:
        """Submit a script as a run below this one."""
        from ._submission.submitting import submit

        return submit(self._experiment, config, tags, parent_id=self._info.id, **kwargs)

    def get_portal_url(self) -> str:
        """Where the run can be looked at: its page on a tracking server, else the workspace's folder."""
        return self._experiment._page(f"/runs/{self._info.id}")

    def get_snapshot_id(self) -> str:
        """The id of the snapshot that a submitted run ran from."""
        return self._snapshot_for("Run.get_snapshot_id")

    def _snapshot_for(self, call: str) -> str:
        if not self._place.snapshot.is_dir():
            unavailable(call, _NO_SNAPSHOT)
        return self._info.id

    def restore_snapshot(self, snapshot_id: str | None = None, path: str | None = None) -> str:
        """Write the snapshot as a zip file below `path` (default: here); returns the file's path."""
        folder = Path(path or ".").absolute()
        found = snapshot_id or self._snapshot_for("Run.restore_snapshot")
        source = Place(self._experiment.workspace._home, found).snapshot
        if "/" in found or not source.is_dir():
            raise UserErrorException(f"There is no snapshot {found!r}: its id is that of a submitted run.")
        folder.mkdir(parents=True, exist_ok=True)
        archive = folder / f"{found}.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for file in sorted(source.rglob("*")):
                packed.write(file, file.relative_to(source))
        return str(archive)

    def take_snapshot(self, file_or_folder_path: str) -> NoReturn:
        unavailable("Run.take_snapshot", _NO_SNAPSHOT)

    def get_environment(self) -> Environment:
        """The environment that a submitted run was given."""
        from .environment import Environment

        submission = self._submission
        if submission is None:
            unavailable("Run.get_environment", "A run that logs from a notebook runs in the notebook's interpreter.")
        return Environment._from_spec(submission.environment)

    def clean(self) -> list[str]:
        """Remove what the run left where it ran; a run that ended left nothing, so the list is empty."""
        return []

    def _definition(self) -> dict[str, Any]:
        """What v1 says of a submitted run in its details."""
        asked = self._submission
        if asked is None:
            return {}
        definition = {
            "script": None if asked.shell else asked.command[0],
            "command": asked.command[0] if asked.shell else "",
            "arguments": [] if asked.shell else list(asked.command[1:]),
            "framework": "Python",
            "target": asked.target,
            "environment": {"name": asked.environment.name},
            "environmentVariables": sorted(asked.variables),  # names only: a value may be secret
            "maxRunDurationSeconds": asked.seconds,
        }
        return {"target": asked.target, "runDefinition": definition}

    @staticmethod
    def list_by_compute(
        compute: Any,
        type: str | None = None,
        tags: Any = None,
        properties: Any = None,
        status: str | None = None,
    ) -> Iterator[Run]:
        """The runs that were submitted to a compute target, newest first."""
        from ._starting import as_run

        with translated():
            found = compute.workspace._registry.runs()
        for info in found:
            if info.tags.get("mldeploy.target") == compute.name and wanted(info, type, tags, properties, status):
                yield as_run(compute.workspace, info)

    @staticmethod
    def add_type_provider(runtype: str, run_factory: Any) -> NoReturn:
        unavailable("Run.add_type_provider", "Runs have one class, Run, and ScriptRun for what was submitted.")
