"""A service of type Local: on this machine, with v1's lower-case states, and reload for trying a script out."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn
from urllib.parse import urlsplit

from ... import services
from ...specs import Plan, ServiceRecord
from ..exceptions import WebserviceException, translated
from . import _no_code, _planning, _tokens
from ._configuration import WebserviceDeploymentConfiguration
from ._listing import LOCAL, every, serves
from ._local_configuration import LocalWebserviceDeploymentConfiguration
from ._models import references
from .webservice import Webservice

if TYPE_CHECKING:
    from ..model import InferenceConfig
    from ..workspace import Workspace

__all__ = ["LocalWebservice", "LocalWebserviceDeploymentConfiguration"]

THERE = ("deploying", "failed", "running")
_ROOM = 26  # characters of a name that leave room for "-cloud"


class LocalWebservice(Webservice):
    """A service of type Local. With `must_exist=False` it may be missing: its state is then `unknown`."""

    _webservice_type = "Local"
    _words: ClassVar[Mapping[str, str]] = {
        "Starting": "deploying",
        "Healthy": "running",
        "Unhealthy": "failed",
        "Failed": "failed",
        "Stopped": "failed",
    }

    @staticmethod
    def deploy_configuration(port: int | None = None) -> LocalWebserviceDeploymentConfiguration:
        """A deployment configuration; without a port it is one that is free."""
        return LocalWebserviceDeploymentConfiguration(port)

    def __new__(cls, workspace: Workspace, name: str, must_exist: bool = True) -> LocalWebservice:
        return object.__new__(cls)

    def __init__(self, workspace: Workspace, name: str, must_exist: bool = True) -> None:
        self.workspace, self.name = workspace, name
        self.state = "unknown"
        if workspace and name:
            self.update_deployment_state(must_exist)

    @property
    def port(self) -> int | None:
        """The port on this machine; None before the service has one."""
        return urlsplit(self._scoring_uri).port if self._scoring_uri else None

    def update_deployment_state(self, must_exist: bool = False) -> None:
        """Fetch everything anew, in place. A missing service is `unknown`, or `deleted` when this object did it."""
        found = self._found()
        if found and found.plan.type != LOCAL and self._record is None:
            raise WebserviceException(
                f"WebserviceNotFound: {self.name!r} is a service of type {found.plan.type}, not Local. "
                "Fetch it with Webservice(workspace, name)."
            )
        if found and found.plan.type == LOCAL:
            super().update_deployment_state()
            return
        if must_exist and not found:
            with translated(WebserviceException):
                services.record(self.workspace._home, self.name)  # raises, and lists what exists
        self.state, self._scoring_uri = "deleted" if self.state == "deleted" else "unknown", None

    def _found(self) -> ServiceRecord | None:
        home = self.workspace._home
        if self.name not in services.names(home):
            return None
        with translated(WebserviceException):
            return services.coming(home, self.name)

    def _need(self, call: str, states: tuple[str, ...] = THERE) -> None:
        """Refuse `call` unless the service is, now, in one of the states."""
        self.update_deployment_state()
        if self.state not in states:
            raise WebserviceException(
                f"{call} is not possible: service {self.name!r} is in state {self.state!r}, and {call} needs one of "
                f"{', '.join(states)}."
            )

    def wait_for_deployment(  # type: ignore[override]  # v1 has no timeout here
        self, show_output: bool = False, *, timeout_sec: float | None = None
    ) -> None:
        self.update_deployment_state()
        if self.state != "unknown" or not self._found():  # else it was to replace another type, and could not
            self._need("wait_for_deployment")
        print(f"Checking whether service {self.name!r} is healthy …")
        super().wait_for_deployment(show_output, timeout_sec)

    def get_logs(self, num_lines: int = 5000, raw: bool = False) -> str:
        """The stages of its operations, then what it wrote; `raw` changes nothing (v1 SDK)."""
        self._need("get_logs")
        return super().get_logs(num_lines)

    def run(self, input_data: Any) -> Any:
        """As for the other types; while it is being deployed, wait for that first."""
        self._need("run", ("deploying", "running"))
        if self.state == "deploying":
            self.wait_for_deployment()
        return super().run(input_data)

    def reload(self, wait: bool = False) -> None:
        self._need("reload")
        super().reload(wait)

    def restart(self, wait: bool = False) -> None:
        self._need("restart")
        super().restart(wait)

    def update(
        self,
        models: Iterable[Any] | None = None,
        image_config: Any = None,
        deployment_config: LocalWebserviceDeploymentConfiguration | None = None,
        wait: bool = False,
        inference_config: InferenceConfig | None = None,
    ) -> None:
        """Change models, script, environment or port; what is not given stays. A failure leaves what served."""
        if image_config is not None and inference_config is not None:
            raise WebserviceException("image_config and inference_config exclude each other.")
        if image_config is not None and not hasattr(image_config, "_script_spec"):
            raise WebserviceException(
                f"image_config is {image_config!r}: give what ContainerImage.image_configuration(…) returns."
            )
        if not isinstance(deployment_config, (LocalWebserviceDeploymentConfiguration, type(None))):
            raise WebserviceException(
                f"deployment_config is {deployment_config!r}: give LocalWebservice.deploy_configuration()."
            )
        self._need("update", (*THERE, "unknown"))
        current = self._record.plan if self._record and self.state != "unknown" else None
        content = self._content(current, models, image_config or inference_config)
        if current is None:
            asked = deployment_config or LocalWebserviceDeploymentConfiguration()
            planned = _planning.plan(self.workspace, self.name, content, asked, None)
            _planning.launch(self.workspace, planned, asked, overwrite=False)
        else:
            with translated(WebserviceException):
                services.update(self.workspace._home, self._plan(current, content, deployment_config))
        self.update_deployment_state()
        if wait:
            self.wait_for_deployment()

    def _content(self, current: Plan | None, models: Any, inference_config: InferenceConfig | None) -> _planning.Served:
        served = current.models if current else ()
        if models is not None:
            served = references(self.workspace, models, paths=True)
        if inference_config is None and (current is None or (models is not None and _no_code.is_ours(current.script))):
            return _no_code.served(self.workspace, served)
        if inference_config is None and current:
            return _planning.Served(served, current.script, current.environment)
        return _planning.Served.of(served, inference_config)

    def _plan(
        self, current: Plan, content: _planning.Served, asked: LocalWebserviceDeploymentConfiguration | None
    ) -> Plan:
        new = replace(current, models=content.models, script=content.script, environment=content.environment)
        if asked is None:
            return new
        asked.validate_configuration()
        settings = replace(asked._settings(self.name), target=current.settings.target)
        return replace(new, settings=settings, configuration=_planning.recorded(asked))

    def deploy_to_cloud(
        self,
        name: str | None = None,
        deployment_config: WebserviceDeploymentConfiguration | None = None,
        deployment_target: Any = None,
    ) -> Webservice:
        """Deploy the same models, script and environment as a service of another type, and return that.

        Names are shared by all types of a workspace, so the new service needs one of its own: without `name` it is
        this one's with "-cloud" behind it.
        """
        self._need("deploy_to_cloud")
        plan = self._record.plan if self._record else None
        chosen = name or f"{self.name[:_ROOM]}-cloud"
        _planning.check_name(chosen)
        configuration = _planning.choose(deployment_config, deployment_target)
        content = self._content(plan, None, None)
        unregistered = [model.path for model in content.models if not model.version]
        if unregistered:
            raise WebserviceException(f"Register these models first, with Model.register: {', '.join(unregistered)}.")
        planned = _planning.plan(self.workspace, chosen, content, configuration, deployment_target)
        _planning.launch(self.workspace, planned, configuration, overwrite=False)
        return Webservice(self.workspace, planned.service)

    def delete(self, delete_cache: bool = True, delete_image: bool = False, delete_volume: bool = True) -> None:
        """Stop and delete the service. There is no image, cache or volume of its own to keep."""
        self._need("delete")
        super().delete()
        self.state = "deleted"

    def get_keys(self) -> tuple[str, str]:
        self._need_auth("get_keys")
        return super().get_keys()

    def regen_key(self, key: str, *, set_key: str | None = None) -> None:  # type: ignore[override]
        self._need_auth("regen_key")
        super().regen_key(key, set_key)

    def _need_auth(self, call: str) -> None:
        self.update_deployment_state(must_exist=True)
        if not self.auth_enabled:
            raise NotImplementedError(
                f"{call}: service {self.name!r} has no authentication. Deploy it with a configuration whose "
                "auth_enabled is True."
            )

    def get_token(self) -> tuple[str, datetime]:
        """A token, and when to ask for another one, where the service was told to check tokens."""
        if not self.token_auth_enabled:
            raise NotImplementedError("This service of type Local has no tokens: see token_auth_enabled.")
        return _tokens.pair(self)

    @classmethod
    def deserialize(cls, workspace: Workspace, webservice_payload: Mapping[str, Any]) -> NoReturn:
        raise NotImplementedError("A Local service is fetched by name: LocalWebservice(workspace, name).")

    def serialize(self) -> dict[str, Any]:
        return {**super().serialize(), "port": self.port, "authEnabled": self.auth_enabled}

    @staticmethod
    def list(  # type: ignore[override]
        workspace: Workspace, model_name: str | None = None, model_id: str | None = None, all: bool | None = None
    ) -> builtins.list[LocalWebservice]:
        """The Local services of a workspace; with `all` also those that do not run."""
        found = [record for record in every(workspace._home) if record.plan.type == LOCAL]
        made = [LocalWebservice(workspace, r.plan.service) for r in found if serves(r, model_name, model_id)]
        return [service for service in made if all or service.state != "failed"]
