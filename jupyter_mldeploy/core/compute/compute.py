"""A compute target: a name that services are deployed to. Here it is a stand-in for, or the record of, a cluster."""

from __future__ import annotations

import builtins
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ... import services
from ..exceptions import ComputeTargetException, translated
from . import _records
from ._records import ComputeRecord

if TYPE_CHECKING:
    from ..workspace import Workspace

SECRETS = frozenset({"admin_user_password"})


class ComputeConfiguration(ABC):
    """Parameters of a compute target; subclasses are dataclasses whose fields are those of v1."""

    _compute_type: ClassVar[str] = ""

    def __post_init__(self) -> None:
        self.validate_configuration()

    @abstractmethod
    def validate_configuration(self) -> None:
        """Check the parameters. Raises `ComputeTargetException`."""

    def _given(self) -> dict[str, Any]:
        """The parameters that were given, by name; never a password."""
        return {name: value for name, value in vars(self).items() if value is not None and name not in SECRETS}


class ComputeTarget:
    """Fetch the compute target `name`; what comes back is of the class of its type.

    Raises `ComputeTargetException`, starting with `ComputeTargetNotFound`. Without workspace or name: an empty object.
    """

    _compute_type: ClassVar[str] = ""
    _children: ClassVar[dict[str, type[ComputeTarget]]] = {}

    workspace: Workspace
    name: str
    id: str | None = None
    type: str | None = None
    location: str | None = None
    cluster_location: str | None = None
    cluster_resource_id: str | None = None
    provisioning_state: str | None = None
    provisioning_errors: Any = None
    tags: dict[str, str] | None = None
    description: str | None = None
    created_on: datetime | None = None
    modified_on: datetime | None = None
    is_attached: bool | None = None

    def __init_subclass__(cls) -> None:
        ComputeTarget._children[cls._compute_type] = cls

    def __new__(cls, workspace: Workspace, name: str) -> ComputeTarget:
        """v1's constructor answers with the class of the target's own type."""
        if not (workspace and name):
            return super().__new__(cls)
        child = _class(_records.read(workspace._home, name).type)
        return super().__new__(child) if issubclass(child, cls) else child(workspace, name)

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace, self.name = workspace, name
        if workspace and name:
            self.refresh_state()

    def __repr__(self) -> str:
        names = ("name", "id", "type", "provisioning_state", "location", "tags")
        shown = ", ".join(f"{n}={getattr(self, n)}" for n in names)
        return f"{type(self).__name__}(workspace={self.workspace!r}, {shown})"

    @staticmethod
    def create(workspace: Workspace, name: str, provisioning_configuration: ComputeConfiguration) -> ComputeTarget:
        """Make a compute target at once: a stand-in on this machine, which one printed line says."""
        record = _new(workspace, name, provisioning_configuration)
        _records.add(workspace._home, record)
        print(
            f"{record.type} compute target {name!r} is a stand-in: what is deployed to it runs on this machine, "
            "until a cluster is attached under that name."
        )
        return ComputeTarget(workspace, name)

    @staticmethod
    def attach(workspace: Workspace, name: str, attach_configuration: ComputeConfiguration) -> ComputeTarget:
        """Record a cluster under a name. Nothing is contacted; what is deployed to it still runs on this machine."""
        record = _new(workspace, name, attach_configuration)
        _records.add(workspace._home, replace(record, attached=True))
        print(
            f"{record.type} compute target {name!r} is recorded. Deploying to a cluster does not exist here yet: "
            "what is deployed to it runs on this machine."
        )
        return ComputeTarget(workspace, name)

    @staticmethod
    def list(workspace: Workspace) -> builtins.list[ComputeTarget]:
        """All compute targets of a workspace."""
        return [ComputeTarget(workspace, name) for name in _records.names(workspace._home)]

    def wait_for_completion(self, show_output: bool = False, is_delete_operation: bool = False) -> None:
        """Print the result; there is nothing to wait for."""
        what = "deletion" if is_delete_operation else "attachment" if self.is_attached else "provisioning"
        print(f'{self.type} compute target {self.name!r}: {what} finished, "Succeeded"')

    def refresh_state(self) -> None:
        """Fetch everything anew, in place."""
        self._fill(_records.read(self.workspace._home, self.name))

    def _fill(self, record: ComputeRecord) -> None:
        self.type, self.description, self.tags = record.type, record.description, dict(record.tags)
        self.location = self.cluster_location = record.location
        self.id = f"{self.workspace.name}/computes/{record.name}"
        self.cluster_resource_id = record.resource_id or None
        self.provisioning_state, self.is_attached = "Succeeded", record.attached
        self.created_on, self.modified_on = _time(record.created_time), _time(record.modified_time)

    def _record(self) -> ComputeRecord:
        return _records.read(self.workspace._home, self.name)

    def _reconfigure(self, **changes: Any) -> None:
        """Write a changed configuration; None takes a value away."""
        record = self._record()
        merged = {**record.configuration, **changes}
        configuration = {name: value for name, value in merged.items() if value is not None}
        changed = replace(record, configuration=configuration, modified_time=time.time())
        _records.write(self.workspace._home, changed)
        self.refresh_state()

    def get_status(self) -> Any:
        """The provisioning state."""
        self.refresh_state()
        return self.provisioning_state

    def delete(self) -> None:
        """Remove a stand-in. Refused for an attached target, and while services are deployed to it."""
        if self._record().attached:
            raise ComputeTargetException(f"Compute target {self.name!r} is attached: use detach().")
        self._remove()
        self.provisioning_state = "Deleting"

    def detach(self) -> None:
        """Forget the target, whatever it is. Refused while services are deployed to it."""
        self._remove()
        self.provisioning_state = "Detaching"

    def _remove(self) -> None:
        home = self.workspace._home
        _records.read(home, self.name)
        with translated(ComputeTargetException):
            users = [n for n in services.names(home) if services.record(home, n).plan.compute == self.name]
        if users:
            raise ComputeTargetException(
                f"Compute target {self.name!r} is in use by {', '.join(users)}. Delete these services first."
            )
        _records.remove(home, self.name)

    def serialize(self) -> dict[str, Any]:
        """What is known of the target, by v1's JSON keys."""
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "tags": self.tags,
            "location": self.location,
            "description": self.description,
            "createdOn": self.created_on and self.created_on.isoformat(),
            "modifiedOn": self.modified_on and self.modified_on.isoformat(),
            "provisioningState": self.provisioning_state,
            "provisioningErrors": self.provisioning_errors,
            "isAttachedCompute": self.is_attached,
            "computeLocation": self.cluster_location,
            "clusterResourceId": self.cluster_resource_id,
        }

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> ComputeTarget:
        """An object from what `serialize` gave; nothing is looked up."""
        missing = [key for key in ("name", "type") if not object_dict.get(key)]
        if missing:
            raise ComputeTargetException(f"A compute target's payload lacks {', '.join(missing)}.")
        made = object.__new__(_class(object_dict["type"]))
        made.workspace, made.name, made.type = workspace, object_dict["name"], object_dict["type"]
        made.id, made.description = object_dict.get("id"), object_dict.get("description")
        made.tags, made.location = object_dict.get("tags"), object_dict.get("location")
        made.cluster_location = object_dict.get("computeLocation")
        made.cluster_resource_id = object_dict.get("clusterResourceId")
        made.provisioning_state = object_dict.get("provisioningState")
        made.provisioning_errors = object_dict.get("provisioningErrors")
        made.is_attached = object_dict.get("isAttachedCompute")
        made.created_on, made.modified_on = (_parsed(object_dict.get(k)) for k in ("createdOn", "modifiedOn"))
        return made


def _class(kind: str) -> type[ComputeTarget]:
    return ComputeTarget._children.get(kind, ComputeTarget)


def _new(workspace: Workspace, name: str, configuration: ComputeConfiguration) -> ComputeRecord:
    """The record that a configuration asks for."""
    _records.check_name(name)
    if not isinstance(configuration, ComputeConfiguration):
        raise ComputeTargetException(
            f"{configuration!r} is no configuration: give what AksCompute.provisioning_configuration() returns."
        )
    configuration.validate_configuration()
    given, now = configuration._given(), time.time()
    return ComputeRecord(
        name,
        configuration._compute_type,
        now,
        now,
        location=given.get("location") or workspace.location,
        resource_id=given.get("resource_id", ""),
        description=given.pop("description", None),
        tags={str(key): str(value) for key, value in given.pop("tags", {}).items()},
        configuration={name: _kept(name, value) for name, value in given.items()},
    )


def _kept(name: str, value: Any) -> Any:
    """Files are meant from the folder that is the current one now."""
    return str(Path(value).expanduser().absolute()) if name.endswith("_pem_file") else value


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _parsed(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
