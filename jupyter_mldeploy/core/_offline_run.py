"""What `Run.get_context()` gives outside a run: it prints what would be logged, and keeps nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any
from uuid import uuid4

from ._run_logging import image, json_object, loggable, single, table


class OfflineRun:
    """A run that is none. It has no `register_model`, `experiment` or `get_metrics`, as in v1."""

    def __init__(self) -> None:
        self._id = f"OfflineRun_{uuid4()}"
        self._tags: dict[str, Any] = {}
        self._properties: dict[str, Any] = {}
        self._status = "Running"

    def __repr__(self) -> str:
        return f"OfflineRun(Id: {self._id}, Status: {self._status})"

    def __enter__(self) -> OfflineRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status = "Completed" if kind is None else "Failed"

    @property
    def id(self) -> str:
        return self._id

    @property
    def name(self) -> str:
        return self._id

    @property
    def number(self) -> int:
        return 0

    @property
    def status(self) -> str:
        return self._status

    @property
    def tags(self) -> dict[str, Any]:
        return dict(self._tags)

    @property
    def properties(self) -> dict[str, Any]:
        return dict(self._properties)

    def _say(self, kind: str, name: str, value: Any) -> None:
        print(f"Offline run, not stored: {kind} {name!r} = {value!r}")

    def log(self, name: str, value: Any, description: str = "") -> None:
        self._say("metric", name, single(name, value))

    def log_list(self, name: str, value: Sequence[Any], description: str = "") -> None:
        self._say("list", name, [loggable(element) for element in value])

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        self._say("row", name, {column: loggable(value) for column, value in kwargs.items()})

    def log_table(self, name: str, value: Mapping[str, Sequence[Any]], description: str = "") -> None:
        self._say("table", name, table(name, value))

    def log_image(self, name: str, path: str | None = None, plot: Any = None, description: str = "") -> None:
        suffix, content = image(path, plot)
        self._say("image", name, f"{suffix} of {len(content)} bytes")

    def log_confusion_matrix(self, name: str, value: str | Mapping[str, Any], description: str = "") -> None:
        self._say("confusion matrix", name, json_object(name, value))

    def log_accuracy_table(self, name: str, value: str | Mapping[str, Any], description: str = "") -> None:
        self._say("accuracy table", name, json_object(name, value))

    def log_residuals(self, name: str, value: str | Mapping[str, Any], description: str = "") -> None:
        self._say("residuals", name, json_object(name, value))

    def log_predictions(self, name: str, value: str | Mapping[str, Any], description: str = "") -> None:
        self._say("predictions", name, json_object(name, value))

    def upload_file(self, name: str, path_or_stream: Any, datastore_name: str | None = None) -> None:
        self._say("file", name, str(path_or_stream))

    def upload_files(self, names: Sequence[str], paths: Sequence[str], **kwargs: Any) -> None:
        if len(names) != len(paths):
            raise TypeError(f"upload_files got {len(names)} names for {len(paths)} paths.")
        for name, path in zip(names, paths, strict=True):
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: str, datastore_name: str | None = None) -> None:
        self._say("folder", name, str(path))

    def tag(self, key: str, value: Any = None) -> None:
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        self._tags.update(tags)

    def get_tags(self) -> dict[str, Any]:
        return self.tags

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        self._properties.update(properties)

    def get_properties(self) -> dict[str, Any]:
        return self.properties

    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: str | None = None) -> OfflineRun:
        return OfflineRun()

    def flush(self, timeout_seconds: int = 300) -> None:
        """Nothing is stored, so nothing waits to be written."""

    def start(self) -> None:
        self._status = "Running"

    def complete(self) -> None:
        self._status = "Completed"

    def fail(self, error_details: Any = None, error_code: str | None = None) -> None:
        self._status = "Failed"

    def cancel(self) -> None:
        self._status = "Canceled"

    def get_status(self) -> str:
        return self._status
