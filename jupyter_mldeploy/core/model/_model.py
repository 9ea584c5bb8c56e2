"""Model: a version of a registered model, looked up on construction as v1 does."""

from __future__ import annotations

import builtins
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import disk, errors
from ...specs import ModelInfo
from .._tags import as_texts
from ..exceptions import UserErrorException, WebserviceException, translated
from ..resource_configuration import ResourceConfiguration
from . import _lookup, _payload, _summary
from ._package import ModelPackage, package, tag
from ._register import Framework, Registration, dataset_id, dataset_references, register, resources

if TYPE_CHECKING:
    from ..profile import ModelProfile
    from ..run import Run
    from ..webservice import Webservice
    from ..workspace import Workspace
    from ._inference import InferenceConfig


class Model:
    """The model with this id (`name:version`), or this name and version, or the newest that fits.

    `tags` and `properties` are lists of keys or `[key, value]` pairs. Nothing fits → WebserviceException, whose
    message starts with ModelNotFound. `Model(None)` is an empty object.
    """

    Framework = Framework

    def __init__(
        self,
        workspace: Workspace | None,
        name: str | None = None,
        id: str | None = None,
        tags: Sequence[Any] | None = None,
        properties: Sequence[Any] | None = None,
        version: int | str | None = None,
        run_id: str | None = None,
        model_framework: str | None = None,
        expand: bool = True,
        **kwargs: Any,
    ) -> None:
        if workspace is None:
            self._take(None, _payload.BLANK)
            return
        wanted = _lookup.Filter(tags, properties, run_id, model_framework)
        self._take(workspace, _lookup.find(workspace, name, id, version, wanted))

    @classmethod
    def _of(cls, workspace: Workspace | None, info: ModelInfo) -> Model:
        model = cls(None)
        model._take(workspace, info)
        return model

    def _take(self, workspace: Workspace | None, info: ModelInfo) -> None:
        """Set v1's attributes from what the registry says."""
        self._info, self.workspace = info, workspace
        self.name, self.version, self.id = info.name, info.version, info.id if info.name else ""
        self.created_by = {"userName": info.created_by} if info.created_by else {}
        self.created_time = datetime.fromtimestamp(info.created_time, timezone.utc)
        self.description = info.description
        self.model_framework, self.model_framework_version = info.framework, info.framework_version
        self.tags, self.properties = dict(info.tags), dict(info.properties)
        self.mime_type, self.unpack, self.url = "application/x-python", _payload.is_folder(info), info.source
        self.experiment_name, self.run_id = info.experiment_name, info.run_id
        self.datasets: dict[str, list[str]] = {k: list(v) for k, v in info.extra.get("datasets", {}).items()}
        self.parent_id: str | None = None
        self.derived_model_ids: list[str] | None = None
        self.resource_configuration = ResourceConfiguration.deserialize(info.extra.get("resourceConfiguration"))

    def __repr__(self) -> str:
        return (
            f"Model(workspace={self.workspace!r}, name={self.name}, id={self.id}, version={self.version}, "
            f"tags={self.tags}, properties={self.properties})"
        )

    @property
    def _opened(self) -> Workspace:
        """The workspace; WebserviceException for an empty object."""
        if self.workspace is None:
            raise WebserviceException("This Model is empty: get one with Model(workspace, name).")
        return self.workspace

    @property
    def run(self) -> Run | None:
        """The run that the model was registered from, looked up when asked for."""
        return self._opened.get_run(self.run_id) if self.run_id else None

    @property
    def sample_input_dataset(self) -> Any:
        """The data set that shows what the model takes; its id when it was none of this workspace."""
        return _lookup.sample(self.workspace, self._info.extra.get("sampleInputDatasetId"))

    @property
    def sample_output_dataset(self) -> Any:
        """The data set that shows what the model answers; its id when it was none of this workspace."""
        return _lookup.sample(self.workspace, self._info.extra.get("sampleOutputDatasetId"))

    @staticmethod
    def register(
        workspace: Workspace,
        model_path: str | Path,
        model_name: str,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        description: str | None = None,
        datasets: Sequence[tuple[str, Any]] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        child_paths: Sequence[str] | None = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: ResourceConfiguration | None = None,
    ) -> Model:
        """Register a local file or folder as the next version of `model_name`.

        A file is kept under its base name, a folder under its own name; with `child_paths` only those parts of it.
        The values of tags and properties become texts; properties can never be changed.
        """
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
        return register(workspace, model_path, model_name, child_paths, registration)

    @staticmethod
    def get_model_path(model_name: str, version: int | None = None, _workspace: Workspace | None = None) -> str:
        """Where a model's file or folder lies, for entry scripts: below `AML_APP_ROOT`, else `./<model_name>`.

        With `_workspace` the model comes from its registry. Nothing found → ModelNotFoundException, or
        WebserviceException when a version was given.
        """
        return _lookup.model_path(model_name, version, _workspace)

    @staticmethod
    def list(
        workspace: Workspace,
        name: str | None = None,
        tags: Sequence[Any] | None = None,
        properties: Sequence[Any] | None = None,
        run_id: str | None = None,
        latest: bool = False,
        dataset_id: str | None = None,
        expand: bool = True,
        page_count: int = 255,
        model_framework: str | None = None,
    ) -> builtins.list[Model]:
        """Registered models, newest first; with `latest` one version per name."""
        if not 20 <= page_count <= 255:
            raise UserErrorException(f"page_count={page_count} is outside 20 to 255.")
        wanted = _lookup.Filter(tags, properties, run_id, model_framework, dataset_id)
        return [Model._of(workspace, info) for info in _lookup.every(workspace, name, wanted, latest=latest)]

    @translated(WebserviceException)
    def download(self, target_dir: str = ".", exist_ok: bool = False, exists_ok: bool | None = None) -> str:
        """Copy the model's file or folder into `target_dir` and return its path there.

        Something of that name there already → WebserviceException, unless `exist_ok` (`exists_ok` is the same).
        """
        source = self._opened._registry.fetch(self._info)
        target = Path(target_dir) / source.name
        if target.exists() and not (exist_ok or exists_ok):
            raise WebserviceException(f"{target} exists. Pass exist_ok=True to replace it, or another target_dir.")
        Path(target_dir).mkdir(parents=True, exist_ok=True)
        disk.check_room(Path(target_dir), self._info.size)
        with disk.enough_room(Path(target_dir)):
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy(source, target)
        return str(target)

    @translated(WebserviceException)
    def get_sas_urls(self) -> dict[str, str]:
        """Path inside the model → URL. The files lie on this machine, so these are file: URLs."""
        top = self._opened._registry.fetch(self._info)
        files = [path for path in sorted(top.rglob("*")) if path.is_file()] if top.is_dir() else [top]
        return {path.relative_to(top.parent).as_posix(): path.absolute().as_uri() for path in files}

    def serialize(self) -> dict[str, Any]:
        """The model as a dict by v1's keys."""
        return _payload.serialize(self._info)

    @staticmethod
    def deserialize(workspace: Workspace, model_payload: Mapping[str, Any]) -> Model:
        """A model from a service's payload, or from `serialize()`; nothing is looked up."""
        return Model._of(workspace, _payload.deserialize(model_payload))

    # Changing.

    @translated(WebserviceException)
    def _change(self, **changes: Any) -> None:
        registry = self._opened._registry
        registry.change_model(self.name, self.version, **changes)
        self._take(self.workspace, registry.model(self.name, self.version))

    def update(
        self,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: ResourceConfiguration | None = None,
    ) -> None:
        """Replace what is given; empty values leave as it is (v1), so tags are cleared with `remove_tags`."""
        extra = {
            "sampleInputDatasetId": dataset_id(sample_input_dataset or None),
            "sampleOutputDatasetId": dataset_id(sample_output_dataset or None),
            "resourceConfiguration": resources(resource_configuration),
        }
        given = {key: value for key, value in extra.items() if value}
        changed: dict[str, str | None] = {**dict.fromkeys(self.tags), **as_texts("tags", tags)} if tags else {}
        self._change(
            description=description or None,
            tags=changed,
            extra={**self._info.extra, **given} if given else None,
        )

    def update_tags_properties(
        self,
        add_tags: Mapping[str, Any] | None = None,
        remove_tags: str | Sequence[str] | None = None,
        add_properties: Mapping[str, Any] | None = None,
    ) -> None:
        """Change tags and add properties at once; a property that exists → WebserviceException, and nothing is done."""
        removed = [remove_tags] if isinstance(remove_tags, str) else [*(remove_tags or ())]
        changed = {**dict.fromkeys(removed), **as_texts("tags", add_tags)}
        new = as_texts("properties", add_properties)
        if new:
            with translated(WebserviceException):
                self._opened._registry.add_model_properties(self.name, self.version, new)
        self._change(tags=changed)

    def add_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags, or change those that exist."""
        old = self.tags
        self.update_tags_properties(add_tags=tags)
        for key in tags:
            if key in old and old[key] != self.tags[key]:
                print(f"Tag {key!r} of {self.id}: {old[key]!r} is now {self.tags[key]!r}")
        print(f"Tags added to model {self.id}")

    def remove_tags(self, tags: str | Sequence[str]) -> None:
        self.update_tags_properties(remove_tags=tags)
        print(f"Tags removed from model {self.id}")

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties; one that exists already → WebserviceException."""
        self.update_tags_properties(add_properties=properties)
        print(f"Properties added to model {self.id}")

    def add_dataset_references(self, datasets: Sequence[tuple[str, Any]]) -> None:
        """Remember data sets with the model, as pairs of (scenario, data set)."""
        known = {scenario: list(ids) for scenario, ids in self.datasets.items()}
        for scenario, ids in dataset_references(datasets).items():
            known[scenario] = [*known.get(scenario, []), *ids]
        self._change(extra={**self._info.extra, "datasets": known})

    @translated(WebserviceException)
    def delete(self) -> None:
        """Delete this version. Refused (token DeletionRequired) while a service uses it."""
        users = _lookup.services_with(self._opened, self.id)
        if users:
            raise WebserviceException(
                f"DeletionRequired: the model {self.id} is used by a service. {errors.known('Services', users)} "
                f"Delete them first, for example with Webservice(ws, {users[0]!r}).delete().",
                status_code=412,
            )
        self._opened._registry.delete_model(self.name, self.version)

    # Deploying.

    @staticmethod
    def print_configuration(models: Any, inference_config: Any, deployment_config: Any, deployment_target: Any) -> None:
        """Print what would be deployed, and how."""
        print(_summary.text(models, inference_config, deployment_config, deployment_target))

    @staticmethod
    def deploy(
        workspace: Workspace,
        name: str,
        models: Sequence[Model | str],
        inference_config: InferenceConfig | None = None,
        deployment_config: Any = None,
        deployment_target: Any = None,
        overwrite: bool = False,
        show_output: bool = False,
    ) -> Webservice:
        """Start a service that serves `models` by an entry script; the configuration's type decides its class.

        Returns at once: call `wait_for_deployment` on the result. What can be checked is checked before any work.
        """
        from ..webservice import _deploying

        return _deploying.deploy(
            workspace,
            name,
            models,
            inference_config,
            deployment_config,
            deployment_target,
            overwrite,
            show_output,
        )

    @staticmethod
    def package(
        workspace: Workspace,
        models: Sequence[Model],
        inference_config: InferenceConfig | None = None,
        generate_dockerfile: bool = False,
        image_name: str | None = None,
        image_label: str | None = None,
    ) -> ModelPackage:
        """Pack models, script and environment as an image of this machine's engine, named as asked.

        With `generate_dockerfile` as a folder for `docker build`, which `save` on the result writes.
        """
        name = "" if generate_dockerfile else tag(image_name, image_label)
        return package(workspace, models, inference_config, name)

    @staticmethod
    def profile(
        workspace: Workspace,
        profile_name: str,
        models: Sequence[Model],
        inference_config: InferenceConfig,
        input_dataset: Any,
        cpu: float | None = None,
        memory_in_gb: float | None = None,
        description: str | None = None,
    ) -> ModelProfile:
        """Measure latency, throughput, cpu and memory of a service of these models on the rows of a data set.

        The service exists for the time of the test. `cpu` is recorded; `memory_in_gb` is the limit of its worker.
        """
        from .._profiling import profile

        return profile(workspace, profile_name, models, inference_config, input_dataset, cpu, memory_in_gb, description)
