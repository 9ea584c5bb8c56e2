"""The one door to MLflow: experiments, runs, metrics, artifacts and models, answered with specs.

MLflow is imported at first use. Nothing else in this package imports it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..disk import Home
from ..specs import ExperimentInfo, Json, ModelDetails, ModelInfo, ModelRef, RunInfo
from . import artifacts, experiments, fetching, metrics, models, registering, runs
from .metrics import Kind, Logged
from .store import Store

__all__ = ["Registry"]


class Registry:
    """What a workspace knows of experiments, runs and models.

    Without `tracking_uri` it is MLFLOW_TRACKING_URI, and without that an SQLite store in the workspace's folder.
    """

    def __init__(self, home: Home, tracking_uri: str | None = None) -> None:
        self._store = Store(home, tracking_uri)

    @property
    def tracking_uri(self) -> str:
        """What `mlflow.set_tracking_uri` takes to see the same."""
        return self._store.uri

    # Experiments.

    def experiment(self, name: str, *, create: bool = False) -> ExperimentInfo:
        """The experiment of that name; missing and not to be created, `NotFound` lists the names."""
        return experiments.find(self._store, name, create=create)

    def experiments(self, *, archived: bool = False) -> list[ExperimentInfo]:
        """Those that are archived, or those that are not."""
        return experiments.every(self._store, archived=archived)

    def tag_experiment(self, experiment_id: str, tags: Mapping[str, str | None]) -> None:
        """Set tags; None removes one."""
        experiments.tag(self._store, experiment_id, tags)

    def archive_experiment(self, experiment_id: str, archived: bool) -> None:
        experiments.archive(self._store, experiment_id, archived)

    def delete_experiment(self, experiment_id: str) -> None:
        """Delete it with its runs; its name is free again."""
        experiments.delete(self._store, experiment_id)

    # Runs.

    def start_run(
        self,
        experiment_id: str,
        *,
        name: str = "",
        run_id: str | None = None,
        parent_id: str | None = None,
        description: str = "",
    ) -> RunInfo:
        """Start a run, or go on with the one that `run_id` names."""
        run = runs.start(self._store, experiment_id, name=name, run_id=run_id, parent_id=parent_id)
        if description:
            runs.rename(self._store, run.id, None, description)
        return runs.get(self._store, run.id) if description else run

    def run(self, run_id: str) -> RunInfo:
        return runs.get(self._store, run_id)

    def runs(self, experiment_id: str | None = None, *, parent_id: str | None = None) -> list[RunInfo]:
        """Newest first."""
        return runs.every(self._store, experiment_id, parent_id=parent_id)

    def end_run(self, run_id: str, status: str) -> None:
        """Set v1's status: Completed, Failed and Canceled end the run, Running opens it again."""
        runs.end(self._store, run_id, status)

    def tag_run(self, run_id: str, tags: Mapping[str, str | None]) -> None:
        """Set tags; None removes one."""
        runs.tag(self._store, run_id, tags)

    def add_run_properties(self, run_id: str, properties: Mapping[str, str]) -> None:
        """Set properties; one that exists is `NameTaken`."""
        runs.add_properties(self._store, run_id, properties)

    def rename_run(self, run_id: str, name: str | None = None, description: str | None = None) -> None:
        runs.rename(self._store, run_id, name, description)

    # Metrics.

    def log(
        self, run_id: str, name: str, values: Sequence[Any], *, kind: Kind = "scalar", step: int | None = None
    ) -> None:
        """Log each of `values`: numbers or texts, a dict for each row or table, JSON for each object."""
        metrics.log(self._store, run_id, Logged(name, values, kind, step))

    def metrics(self, run_id: str) -> dict[str, Any]:
        """Name → value, or list of values; rows and tables → dict of column → value or list (v1 SDK 5.2)."""
        return metrics.read(self._store, run_id)

    # Artifacts.

    def upload(self, run_id: str, key: str, source: Path | bytes) -> None:
        """Keep a file, a folder or bytes under `key`; a key that exists is `NameTaken`."""
        artifacts.upload(self._store, run_id, key, source)

    def artifacts(self, run_id: str) -> list[str]:
        """Keys of all files of a run, sorted."""
        return artifacts.keys(self._store, run_id)

    def download(self, run_id: str, key: str, target: Path) -> Path:
        """Bring a file or folder to `target`; `ModelPathNotFound` lists what the run has."""
        return artifacts.download(self._store, run_id, key, target)

    # Models.

    def register(
        self, name: str, source: Path, *, child_paths: Sequence[str] | None = None, details: ModelDetails
    ) -> ModelInfo:
        """Register a file or folder, or those parts of a folder that `child_paths` names relative to it."""
        return self.model(name, registering.register(self._store, name, source, child_paths, details))

    def register_from_run(self, name: str, run_id: str, key: str, details: ModelDetails) -> ModelInfo:
        """Register what a run holds under `key`, a file or a folder."""
        return self.model(name, registering.register_from_run(self._store, name, run_id, key, details))

    def model(self, name: str, version: int | None = None) -> ModelInfo:
        """One version, by default the newest; `ModelNotFound` lists the names or the versions."""
        return models.get(self._store, name, version)

    def models(self, name: str | None = None, *, latest: bool = False) -> list[ModelInfo]:
        """Newest first; with `latest`, one version of each name."""
        return models.every(self._store, name, latest=latest)

    def change_model(
        self,
        name: str,
        version: int,
        *,
        description: str | None = None,
        tags: Mapping[str, str | None] | None = None,
        extra: Json | None = None,
    ) -> None:
        """Set what is given; None as a tag's value removes it."""
        models.change(self._store, self.model(name, version), description, tags or {}, extra)

    def add_model_properties(self, name: str, version: int, properties: Mapping[str, str]) -> None:
        """Set properties; one that exists is `NameTaken`."""
        models.add_properties(self._store, name, version, properties)

    def delete_model(self, name: str, version: int) -> None:
        """Delete a version; its number is not given again."""
        models.delete(self._store, name, version)

    def fetch(self, model: ModelInfo) -> Path:
        """The registered file or folder on this machine; brought into the workspace once when the store is remote."""
        return fetching.fetch(self._store, model)

    def ref(self, model: ModelInfo) -> ModelRef:
        """What a deployment needs of a model."""
        return ModelRef(model.name, model.version, str(self.fetch(model)), model.digest)
