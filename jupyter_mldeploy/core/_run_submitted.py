"""The calls that v1 has for submitted runs. Nothing submits runs yet, so each says what to do instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from ._unavailable import unavailable

_NO_SNAPSHOT = (
    "A run keeps no snapshot of the folder it ran in: upload what matters with `run.upload_folder(name, path)`."
)
_NO_SUBMIT = "Train in the notebook: `run.child_run()` starts a run below this one."


class RunSubmitted:
    """Snapshots, environments and submissions of a run."""

    def submit_child(self, config: Any, tags: Mapping[str, Any] | None = None, **kwargs: Any) -> NoReturn:
        unavailable("Run.submit_child", _NO_SUBMIT)

    def take_snapshot(self, file_or_folder_path: str) -> NoReturn:
        unavailable("Run.take_snapshot", _NO_SNAPSHOT)

    def restore_snapshot(self, snapshot_id: str | None = None, path: str | None = None) -> NoReturn:
        unavailable("Run.restore_snapshot", _NO_SNAPSHOT)

    def get_snapshot_id(self) -> NoReturn:
        unavailable("Run.get_snapshot_id", _NO_SNAPSHOT)

    def get_environment(self) -> NoReturn:
        unavailable("Run.get_environment", "A run that logs from a notebook runs in the notebook's own interpreter.")

    def clean(self) -> NoReturn:
        unavailable("Run.clean", "A run that logs from a notebook leaves nothing on a compute target.")

    @staticmethod
    def list_by_compute(
        compute: Any,
        type: str | None = None,
        tags: Any = None,
        properties: Any = None,
        status: str | None = None,
    ) -> NoReturn:
        unavailable("Run.list_by_compute", "Runs are listed by experiment: `Run.list(experiment)`.")

    @staticmethod
    def add_type_provider(runtype: str, run_factory: Any) -> NoReturn:
        unavailable("Run.add_type_provider", "Runs have one class, Run.")
