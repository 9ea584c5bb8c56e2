"""Workspace: a folder that holds experiments, models, environments and services. Never contacts Azure."""

from __future__ import annotations

import builtins
import dataclasses
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import disk
from ..cards import LeftoverTable
from ..disk import Home
from ..errors import known
from ..registry import Registry
from . import _workspace_file, _workspace_folder
from ._tags import as_texts
from ._unavailable import WorkspaceOfAzure
from ._workspace_data import WorkspaceData
from ._workspace_folder import WorkspaceConfig
from .authentication import accept, say_once
from .exceptions import UserErrorException, WorkspaceException, translated
from .keyvault import Keyvault

if TYPE_CHECKING:
    from ..services import Issued
    from ..specs import Leftover, Principal
    from .compute import ComputeTarget
    from .environment import Environment
    from .experiment import Experiment
    from .image import Image
    from .model import Model
    from .run import Run
    from .webservice import Webservice


class Workspace(WorkspaceData, WorkspaceOfAzure):
    """Opens the workspace `workspace_name`, or makes it when there is none of that name yet.

    The subscription, the resource group and the location are labels: shown, compared by nothing.
    """

    def __init__(
        self,
        subscription_id: str,
        resource_group: str,
        workspace_name: str,
        auth: object | None = None,
        _location: str | None = None,
        _disable_service_check: bool = False,
        _workspace_id: str | None = None,
        sku: str = "basic",
        tags: Mapping[str, str] | None = None,
        _cloud: str = "AzureCloud",
    ) -> None:
        accept(auth)
        labels = _labels(workspace_name, subscription_id, resource_group, _location, tags)
        self._open(_workspace_folder.home_of(workspace_name), labels)

    def _open(self, home: Home, labels: WorkspaceConfig) -> None:
        """Take the folder's own record, with the identifying labels as they were asked for."""
        found = _workspace_folder.opened(home, labels)
        self._home = home
        self._config = dataclasses.replace(
            found, subscription_id=labels.subscription_id, resource_group=labels.resource_group
        )

    @classmethod
    def _at(cls, home: Home, labels: WorkspaceConfig | None = None) -> Workspace:
        """The workspace in a folder; without labels it has to exist."""
        workspace = cls.__new__(cls)
        workspace._open(home, labels or _workspace_folder.read(home))
        return workspace

    @staticmethod
    def from_config(
        path: str | None = None,
        auth: object | None = None,
        _logger: object | None = None,
        _file_name: str | None = None,
    ) -> Workspace:
        """Open the workspace that the nearest config file names, from `path` (default: here) upward.

        Reads our own files and those of Azure, whose three ids are kept as labels. Without a file the default
        workspace is opened, which one printed line says.
        """
        accept(auth)
        start = Path(path or ".").absolute()
        if path and not start.exists():
            raise UserErrorException(f"No file or folder {start} to look for a workspace configuration in.")
        file = _workspace_file.find(start, _file_name)
        if file is None:
            workspace = Workspace._at(
                _workspace_folder.home_of(_workspace_folder.DEFAULT_NAME), _labels(_workspace_folder.DEFAULT_NAME)
            )
            print(
                f"No workspace configuration in {start} or above: opened {workspace.name!r} in {workspace._home.path}"
            )
            return workspace
        return _from_file(file)

    @staticmethod
    def create(
        name: str,
        auth: object | None = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        create_resource_group: bool = True,
        sku: str = "basic",
        tags: Mapping[str, str] | None = None,
        friendly_name: str | None = None,
        storage_account: str | None = None,
        key_vault: str | None = None,
        app_insights: str | None = None,
        container_registry: str | None = None,
        adb_workspace: str | None = None,
        primary_user_assigned_identity: str | None = None,
        cmk_keyvault: str | None = None,
        resource_cmk_uri: str | None = None,
        hbi_workspace: bool = False,
        default_cpu_compute_target: object | None = None,
        default_gpu_compute_target: object | None = None,
        private_endpoint_config: object | None = None,
        private_endpoint_auto_approval: bool = True,
        exist_ok: bool = False,
        show_output: bool = True,
        user_assigned_identity_for_cmk_encryption: str | None = None,
        system_datastores_auth_mode: str = "accessKey",
        v1_legacy_mode: bool | None = None,
    ) -> Workspace:
        """Make a workspace. A name in use → WorkspaceException, unless `exist_ok`; what only Azure has is ignored."""
        accept(auth)
        home = _workspace_folder.home_of(name)
        labels = _labels(name, subscription_id, resource_group, location, tags)
        with translated(), disk.locked(home.path.parent / f".{name}.lock"):
            existed = home.config.is_file()
            if existed and not exist_ok:
                raise WorkspaceException(
                    f"A workspace named {name!r} exists in {home.path}. Open it with `Workspace.get({name!r})`, "
                    "or pass exist_ok=True."
                )
            workspace = Workspace._at(home, dataclasses.replace(labels, friendly_name=friendly_name or ""))
        if show_output:
            print(f"Workspace {name!r} {'opened' if existed else 'created'} in {home.path}")
        return workspace

    @staticmethod
    def get(
        name: str,
        auth: object | None = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        cloud: str = "AzureCloud",
        id: str | None = None,
    ) -> Workspace:
        """Open an existing workspace by name; WorkspaceException lists those that exist."""
        accept(auth)
        home = _workspace_folder.home_of(name)
        found = _workspace_folder.read(home)
        asked = _labels(name, subscription_id or found.subscription_id, resource_group or found.resource_group)
        return Workspace._at(home, asked)

    @staticmethod
    def list(
        subscription_id: str | None, auth: object | None = None, resource_group: str | None = None
    ) -> dict[str, builtins.list[Workspace]]:
        """The workspaces under these labels: name → a list with the one workspace of that name, as v1 shaped it."""
        accept(auth)
        return {
            config.name: [Workspace._at(home)]
            for home, config in _workspace_folder.all_configs()
            if (not subscription_id or config.subscription_id == subscription_id)
            and (not resource_group or config.resource_group == resource_group)
        }

    def write_config(self, path: str | None = None, file_name: str | None = None) -> None:
        """Write `.azureml/config.json` under `path` (default: here), which `from_config` finds again."""
        folder = Path(path or ".").absolute()
        place = folder / "aml_config" if (folder / "aml_config").is_dir() else folder / ".azureml"
        scope = _workspace_file.scope(self.subscription_id, self.resource_group, self.name)
        content = {"Id": None, "Scope": scope, _workspace_file.FOLDER_KEY: str(self._home.path)}
        disk.write_json(place / (file_name or "config.json"), content)

    def __repr__(self) -> str:
        labels = (self.name, self.subscription_id, self.resource_group)
        return "Workspace.create(name={!r}, subscription_id={!r}, resource_group={!r})".format(*labels)

    @cached_property
    def _registry(self) -> Registry:
        return Registry(self._home, self._config.tracking_uri)

    @property
    def name(self) -> str:
        return self._config.name

    @property
    def subscription_id(self) -> str:
        return self._config.subscription_id

    @property
    def resource_group(self) -> str:
        return self._config.resource_group

    @property
    def location(self) -> str:
        return self._config.location

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._config.tags)

    def get_details(self) -> dict[str, Any]:
        """What is known of the workspace, by v1's keys, with its folder and MLflow address."""
        config = self._config
        return {
            "id": _workspace_file.scope(config.subscription_id, config.resource_group, config.name),
            "name": config.name,
            "friendlyName": config.friendly_name or config.name,
            "description": config.description,
            "location": config.location,
            "sku": self.sku,
            "tags": self.tags,
            "creationTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(config.created_time)),
            "mlFlowTrackingUri": self.get_mlflow_tracking_uri(),
            "folder": str(self._home.path),
        }

    @translated()
    def get_mlflow_tracking_uri(self, _with_auth: bool = False) -> str:
        """The address for `mlflow.set_tracking_uri`."""
        return self._registry.tracking_uri

    def get_default_keyvault(self) -> Keyvault:
        return Keyvault(self)

    def get_run(self, run_id: str) -> Run:
        from .run import Run

        return Run.get(self, run_id)

    def update(
        self,
        friendly_name: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        image_build_compute: str | None = None,
        service_managed_resources_settings: object | None = None,
        primary_user_assigned_identity: str | None = None,
        allow_public_access_when_behind_vnet: bool | None = None,
        v1_legacy_mode: bool | None = None,
    ) -> dict[str, Any]:
        """Change the friendly name, the description or the tags (replaced); the rest only Azure has, and is ignored."""
        given = {"friendly_name": friendly_name, "description": description}
        changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        if tags is not None:
            changes["tags"] = as_texts("tags", tags, UserErrorException)
        self._config = dataclasses.replace(self._config, **changes)
        _workspace_folder.write(self._home, self._config)
        return self.get_details()

    def delete(self, delete_dependent_resources: bool = False, no_wait: bool = False) -> None:
        """Delete the workspace's folder with all that is in it.

        Refused while it has services, unless `delete_dependent_resources`, which stops and deletes them first.
        """
        from .. import services

        with translated():
            names = services.names(self._home)
            if names and not delete_dependent_resources:
                raise WorkspaceException(
                    f"The workspace {self.name!r} has services. {known('Services', names)} Delete them first, or pass "
                    "delete_dependent_resources=True; models and runs go with the workspace."
                )
            for name in names:
                services.delete(self._home, name)
        _workspace_folder.remove(self._home)

    def issue_service_principal(
        self, services: Iterable[str], *, expires_in: timedelta | None = timedelta(days=365), description: str = ""
    ) -> Issued:
        """Make a service principal that may ask `services` for tokens; None: it ends only when it is revoked.

        Its secret is in the answer and nowhere else. Services check tokens when deployed with token_auth_enabled=True.
        """
        from .. import services as verbs

        seconds = None if expires_in is None else expires_in.total_seconds()
        names = services if isinstance(services, str) else tuple(services)
        with translated():
            return verbs.issue(self._home, names, seconds=seconds, description=description)

    def service_principals(self) -> builtins.list[Principal]:
        """All service principals of this workspace, revoked and expired ones too; no secrets."""
        from .. import services as verbs

        return verbs.principals(self._home)

    def revoke_service_principal(self, id: str) -> None:
        """End a service principal and the tokens that it holds, from the next request on."""
        from .. import services as verbs

        with translated():
            verbs.revoke(self._home, id)

    def leftovers(self) -> LeftoverTable:
        """What deleted services and workspaces have left on this machine and its container engine, with sizes."""
        from .. import services

        with translated():
            return LeftoverTable(services.leftovers(self._home))

    def clean(self, leftovers: Iterable[Leftover]) -> None:
        """Remove what `leftovers` found, or some of it. Raises `WorkspaceException` for what could not be removed,
        after the rest."""
        from .. import services

        with translated():
            stays = [f"{one.name}: {why}" for one, why in services.clean(self._home, leftovers) if why]
        if stays:
            raise WorkspaceException("\n".join(["Not removed:", *stays]))

    @property
    def experiments(self) -> dict[str, Experiment]:
        from .experiment import Experiment

        return {experiment.name: experiment for experiment in Experiment.list(self)}

    @property
    def models(self) -> dict[str, Model]:
        """The latest version of each registered model."""
        from .model import Model

        return {model.name: model for model in Model.list(self, latest=True)}

    @property
    def webservices(self) -> dict[str, Webservice]:
        """The services by name; those of LocalWebservice are not among them, as in v1."""
        from .webservice import Webservice

        return {service.name: service for service in Webservice.list(self)}

    @property
    def images(self) -> dict[str, Image]:
        """The images by name, each in its newest version."""
        from .image import Image

        return {image.name: image for image in reversed(Image.list(self))}

    @property
    def compute_targets(self) -> dict[str, ComputeTarget]:
        from .compute import ComputeTarget

        return {target.name: target for target in ComputeTarget.list(self)}

    @property
    def environments(self) -> dict[str, Environment]:
        from .environment import Environment

        return dict(Environment.list(self))


def _labels(
    name: str,
    subscription_id: str | None = None,
    resource_group: str | None = None,
    location: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> WorkspaceConfig:
    return WorkspaceConfig(
        name=name,
        subscription_id=str(subscription_id or _workspace_folder.SELF_HOSTED),
        resource_group=str(resource_group or _workspace_folder.SELF_HOSTED),
        location=str(location or _workspace_folder.LOCATION),
        tags=as_texts("tags", tags, UserErrorException),
        created_time=time.time(),
    )


def _from_file(file: Path) -> Workspace:
    found = _workspace_file.read(file)
    labels = _labels(found.workspace_name, found.subscription_id, found.resource_group)
    if found.folder is not None and (found.folder / "config.json").is_file():
        return Workspace._at(Home(found.folder), labels)
    home = _workspace_folder.home_of(found.workspace_name)
    if found.folder is not None and found.folder != home.path:
        say_once(f"{found.folder}, named in {file}, holds no workspace: opened {found.workspace_name!r} in {home.path}")
    return Workspace._at(home, labels)
