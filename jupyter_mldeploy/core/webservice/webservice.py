"""A deployed service, found again by its name: what every type of service can do."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ... import services
from ...specs import Address, ServiceRecord, State
from .._tags import as_texts
from ..environment import Environment
from ..exceptions import WebserviceException, translated
from ..model import Model
from . import _old_deploys, _running, _waiting, _why
from ._configuration import WebserviceDeploymentConfiguration
from ._listing import LOCAL, listed_type, made_of, records, serves
from ._old_deploys import MODEL_DEPLOY
from ._parts import (
    AutoScaler,
    ContainerResourceRequirements,
    DataCollection,
    LivenessProbeRequirements,
    WebServiceAccessToken,
)

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..workspace import Workspace

__all__ = [
    "AutoScaler",
    "ContainerResourceRequirements",
    "DataCollection",
    "LivenessProbeRequirements",
    "WebServiceAccessToken",
    "Webservice",
    "WebserviceDeploymentConfiguration",
]


class Webservice:
    """Fetch the service `name`; what comes back is of the class of its type.

    Raises `WebserviceException`, starting with `WebserviceNotFound`. Without workspace or name: an empty object.
    """

    _webservice_type: ClassVar[str] = ""
    _children: ClassVar[dict[str, type[Webservice]]] = {}
    _words: ClassVar[Mapping[str, str]] = {
        "Starting": "Transitioning",
        "Healthy": "Healthy",
        "Unhealthy": "Unhealthy",
        "Failed": "Failed",
        "Stopped": "Unhealthy",
    }

    workspace: Workspace
    name: str
    auth_enabled: bool | None = None
    token_auth_enabled: bool | None = None
    compute_type: str | None = None
    created_by: dict[str, str] | None = None
    created_time: datetime | None = None
    updated_time: datetime | None = None
    description: str | None = None
    error: dict[str, Any] | None = None
    image_digest: str | None = None
    image_id: str | None = None
    properties: dict[str, str] | None = None
    state: str | None = None
    tags: dict[str, str] | None = None
    _scoring_uri: str | None = None
    _record: ServiceRecord | None = None

    def __init_subclass__(cls) -> None:
        if "_webservice_type" in vars(cls):
            Webservice._children[cls._webservice_type.upper()] = cls

    def __new__(cls, workspace: Workspace, name: str) -> Webservice:
        """v1's constructor answers with the class of the service's own type, also for another type's class."""
        if not (workspace and name):
            return super().__new__(cls)
        with translated(WebserviceException):
            kind = services.coming(workspace._home, name).plan.type
        child = Webservice._children.get(kind, Webservice._children["UNKNOWN"])
        return super().__new__(child) if issubclass(child, cls) else child(workspace, name)

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace, self.name = workspace, name
        if workspace and name:
            self.update_deployment_state()

    def __repr__(self) -> str:
        names = ("name", "image_id", "image_digest", "compute_type", "state", "scoring_uri", "tags", "properties")
        shown = ", ".join(f"{n}={getattr(self, n)}" for n in (*names, "created_by"))
        return f"{type(self).__name__}(workspace={self.workspace!r}, {shown})"

    @property
    def scoring_uri(self) -> str | None:
        """Where to POST; None before the service has an address."""
        return self._scoring_uri

    @property
    def swagger_uri(self) -> str | None:
        return self._scoring_uri and self._scoring_uri.rpartition("/")[0] + "/swagger.json"

    @property
    def models(self) -> builtins.list[Model]:
        """The registered models that it was deployed with."""
        deployed = self._record.plan.models if self._record else ()
        return [Model(self.workspace, id=model.id) for model in deployed if model.version]

    @property
    def environment(self) -> Environment | None:
        """The environment that it was deployed with."""
        return Environment._from_spec(self._record.plan.environment) if self._record else None

    def update_deployment_state(self) -> None:
        """Fetch everything anew, in place."""
        home = self.workspace._home
        with translated(WebserviceException):
            record = services.coming(home, self.name)
            operation = services.operation(home, self.name)
            self._fill(record, services.address(home, self.name))
            status = operation.status if operation else "Succeeded"
            self._fill_state(services.state(home, self.name), status)

    @property
    def image(self) -> Any:
        """The image that the service was deployed from, as long as it exists."""
        from ..image import Image

        return next((each for each in Image.list(self.workspace) if each.id == self.image_id), None)

    def _current(self) -> ServiceRecord:
        with translated(WebserviceException):
            return services.record(self.workspace._home, self.name)

    def _model_ids(self) -> builtins.list[dict[str, Any]]:
        models = self._record.plan.models if self._record else ()
        return [{"id": model.id, "name": model.name, "version": model.version} for model in models]

    def _fill(self, record: ServiceRecord, address: Address | None) -> None:
        plan = record.plan
        self._record = record
        self.image_id = plan.configuration.get("image_id")
        self.image_digest = record.bundle.digest if self.image_id and record.bundle else None
        self.auth_enabled, self.token_auth_enabled = plan.settings.auth == "key", plan.settings.auth == "token"
        self.compute_type = self._webservice_type
        self.created_by = {"userName": record.created_by} if record.created_by else {}
        self.created_time, self.updated_time = _time(record.created_time), _time(record.updated_time)
        self.description, self.tags, self.properties = plan.description, dict(plan.tags), dict(plan.properties)
        self._scoring_uri = address.local + self._path() if address else None

    def _fill_state(self, state: State, operation: str) -> None:
        """The state word, and what is wrong. An operation at work shows as such, whatever still serves."""
        self.state = self._words["Starting" if operation == "Running" else state.phase]
        trouble = operation != "Running" and state.phase not in ("Healthy", "Starting")
        self.error = {"code": state.phase, "message": state.reason} if trouble else None
        if self.error and state.traceback:
            self.error["details"] = [{"code": "Traceback", "message": state.traceback}]

    def _path(self) -> str:
        """Where below its address the service scores."""
        return "/score"

    def wait_for_deployment(self, show_output: bool = False, timeout_sec: float | None = None) -> None:
        """Wait for the end of the last deployment or change; `show_output` prints its stages as they come.

        Raises `WebserviceException` with the script's own traceback and the last log lines, or after `timeout_sec`.
        Interrupting leaves the work alone.
        """
        with translated(WebserviceException):
            operation = services.operation(self.workspace._home, self.name)
            if operation is None:
                raise WebserviceException(f"Service {self.name!r} has no deployment to wait for. {MODEL_DEPLOY}")
            failure = _waiting.follow(operation, show_output, timeout_sec)
        self.update_deployment_state()
        if failure:
            serves = self.state == self._words["Healthy"]
            text = _waiting.explanation(self.name, str(self.state), failure, serves=serves)
            raised = WebserviceException(text)
            raised.inner_exception = failure
            raise raised
        if self.error:
            raise WebserviceException(
                f"Service {self.name!r} was deployed, and is now {self.state}: {self.error['message']} "
                "Read service.get_logs(); service.restart() starts it again."
            )
        print(
            f'{self.compute_type} service {self.name!r}: operation "Succeeded", state {self.state}, {self.scoring_uri}'
        )

    def get_logs(self, num_lines: int = 5000, init: bool = False) -> str:
        """The stages of its operations, then what it wrote, as one text; also for what is dead.

        There is no separate init container, so `init` changes nothing.
        """
        with translated(WebserviceException):
            return services.log_text(self.workspace._home, self.name, num_lines)

    why = _why.why

    run = _running.run

    def _in_trouble(self) -> bool:
        self.update_deployment_state()
        return self.error is not None

    def get_keys(self) -> tuple[str, str]:
        """The primary and the secondary key."""
        with translated(WebserviceException):
            return services.keys(self.workspace._home, self.name)

    def regen_key(self, key: str, set_key: str | None = None) -> None:
        """Replace the `primary` or the `secondary` key, by `set_key` or a new one; returns when it holds."""
        word = key.lower() if isinstance(key, str) else key
        if word not in ("primary", "secondary"):
            raise WebserviceException(f"key is {key!r}: it must be 'primary' or 'secondary'.")
        which: Literal["primary", "secondary"] = "primary" if word == "primary" else "secondary"
        with translated(WebserviceException):
            services.regenerate_key(self.workspace._home, self.name, which, set_key)

    def get_token(self) -> Any:
        """Nothing; types that have tokens say so."""
        return None

    def update(self, *args: Any) -> None:
        """Each type of service has its own."""
        raise WebserviceException(f"A service of type {self.compute_type} cannot be updated. Deploy it again.")

    def add_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags, or replace those of the same name."""
        self._annotate("tags added", tags={**self._current().plan.tags, **as_texts("tags", tags)})

    def remove_tags(self, tags: str | Iterable[str]) -> None:
        """Remove tags by name; names that it does not have are passed over."""
        removed = {tags} if isinstance(tags, str) else set(tags)
        kept = {key: value for key, value in self._current().plan.tags.items() if key not in removed}
        self._annotate("tags removed", tags=kept)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties."""
        added = as_texts("properties", properties)
        self._annotate("properties added", properties={**self._current().plan.properties, **added})

    def _annotate(
        self, done: str, *, tags: Mapping[str, str] | None = None, properties: Mapping[str, str] | None = None
    ) -> None:
        with translated(WebserviceException):
            services.annotate(self.workspace._home, self.name, tags=tags, properties=properties)
        self.update_deployment_state()
        print(f"Service {self.name!r}: {done}.")

    def reload(self, wait: bool = False) -> None:
        """Read the entry script or source folder again and swap the workers; models and environment stay.

        A version whose `init` fails leaves the one before serving. A service that died is started again.
        """
        with translated(WebserviceException):
            services.reload(self.workspace._home, self.name)
        self._begun(wait)

    def restart(self, wait: bool = False) -> None:
        """Start a service that died again, as it was deployed; the script's folder is not read."""
        with translated(WebserviceException):
            services.restart(self.workspace._home, self.name)
        self._begun(wait)

    def _begun(self, wait: bool) -> None:
        self.update_deployment_state()
        if wait:
            self.wait_for_deployment()

    def delete(self) -> None:
        """Stop and delete the service; its logs stay on disk."""
        with translated(WebserviceException):
            if not services.delete(self.workspace._home, self.name):
                print(f"There is no service {self.name!r}: nothing was deleted.")
        self.state, self._scoring_uri, self.error = "Deleting", None, None

    def serialize(self) -> dict[str, Any]:
        """What is known of the service, by v1's JSON keys."""
        return {
            "name": self.name,
            "description": self.description,
            "tags": self.tags,
            "properties": self.properties,
            "state": self.state,
            "createdTime": self.created_time and self.created_time.isoformat(),
            "updatedTime": self.updated_time and self.updated_time.isoformat(),
            "error": self.error,
            "computeType": self.compute_type,
            "workspaceName": self.workspace.name if self.workspace else None,
            "imageId": self.image_id,
            "imageDigest": self.image_digest,
            "imageDetails": self.image.serialize() if self.image_id and self.image else None,
            "scoringUri": self.scoring_uri,
            "createdBy": self.created_by,
        }

    @classmethod
    def deserialize(cls, workspace: Workspace, webservice_payload: Mapping[str, Any]) -> Self:
        """An object from a service's payload (`kvTags`), or from what `serialize` gave; nothing is looked up.

        Raises `WebserviceException` naming the keys that are missing.
        """
        payload = dict(webservice_payload)
        payload.setdefault("kvTags", payload.get("tags"))
        needed = ("computeType", "createdTime", "description", "kvTags", "name", "properties")
        missing = [key for key in needed if key not in payload]
        if missing:
            raise WebserviceException(f"The payload of a {cls.__name__} lacks {', '.join(missing)}.")
        made = object.__new__(cls)
        made._fill_payload(workspace, payload)
        return made

    def _fill_payload(self, workspace: Workspace, payload: Mapping[str, Any]) -> None:
        self.workspace, self.name = workspace, payload["name"]
        self.compute_type, self.description = payload["computeType"], payload["description"]
        self.tags, self.properties = payload["kvTags"], payload["properties"]
        self.created_time, self.updated_time = _parsed(payload["createdTime"]), _parsed(payload.get("updatedTime"))
        self.state, self.error = payload.get("state"), payload.get("error")
        self.created_by, self.auth_enabled = payload.get("createdBy"), payload.get("authEnabled")
        self._scoring_uri = payload.get("scoringUri")

    @staticmethod
    def list(
        workspace: Workspace,
        compute_type: str | None = None,
        image_name: str | None = None,
        image_id: str | None = None,
        model_name: str | None = None,
        model_id: str | None = None,
        tags: builtins.list[Any] | None = None,
        properties: builtins.list[Any] | None = None,
        image_digest: str | None = None,
    ) -> builtins.list[Webservice]:
        """The services of a workspace, Local ones apart. `tags` and `properties` list keys or `[key, value]` pairs.

        Those deployed without an image match no filter that names one.
        """
        kind = listed_type(compute_type)
        found = records(workspace._home, tags, properties)
        return [
            Webservice(workspace, record.plan.service)
            for record in found
            if kind in (None, record.plan.type)
            and serves(record, model_name, model_id)
            and made_of(record, image_name, image_id, image_digest)
        ]

    @staticmethod
    def check_for_existing_webservice(
        workspace: Workspace, name: str, overwrite: bool = False, request_func: Any = None, check_func: Any = None
    ) -> None:
        """Raise `WebserviceException` when the name is in use and `overwrite` was not given."""
        if name in services.names(workspace._home) and not overwrite:
            raise WebserviceException(
                f"A service named {name!r} exists already. Delete it first, or deploy with overwrite=True."
            )

    deploy = staticmethod(_old_deploys.deploy)
    deploy_from_model = staticmethod(_old_deploys.deploy_from_model)
    deploy_from_image = staticmethod(_old_deploys.deploy_from_image)
    deploy_local_from_model = staticmethod(_old_deploys.deploy_local_from_model)


def replaces(workspace: Workspace, name: str, local: bool) -> bool:
    """Whether a Local deployment meets a Local service of the name, which it replaces unasked (v1 SDK)."""
    home = workspace._home
    return local and name in services.names(home) and services.record(home, name).plan.type == LOCAL


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _parsed(value: Any) -> datetime | None:
    return datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
