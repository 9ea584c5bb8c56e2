"""What an endpoint does with its versions, and one of them as an object to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from ... import services
from ...specs import Plan, ServiceRecord, State
from .._tags import as_texts
from ..exceptions import NotAvailableException, WebserviceException, translated
from . import _planning, _updating
from ._aks_endpoint_configuration import AksEndpointDeploymentConfiguration, VersionType
from ._aks_webservice import AksWebservice, merged

if TYPE_CHECKING:
    from ._aks_endpoint import AksEndpoint

MARKS = {"is_default", "is_control_version_type"}
WITHOUT_WORKERS = {*MARKS, *_planning.ANNOTATIONS, "version_name", "traffic_percentile"}
WITH_SCRIPT = "A version needs inference_config beside its models: the script and environment that serve them."


class EndpointVersion(AksWebservice):
    """One version of an endpoint. What can be changed of it is changed by the endpoint's own methods."""

    def __new__(cls, endpoint: AksEndpoint, record: ServiceRecord, name: str, seen: State) -> EndpointVersion:
        return object.__new__(cls)

    def __init__(self, endpoint: AksEndpoint, record: ServiceRecord, name: str, seen: State) -> None:
        self.workspace, self.name, self._endpoint = endpoint.workspace, name, endpoint
        version = record.versions[name]
        own = replace(record, plan=version.plan, created_time=version.created_time, updated_time=version.updated_time)
        self._fill(own, None)
        self._scoring_uri = endpoint.scoring_uri
        self.auth_enabled, self.token_auth_enabled = endpoint.auth_enabled, endpoint.token_auth_enabled
        self.enable_app_insights = endpoint.enable_app_insights
        self._fill_state(seen, "Succeeded")
        self.is_default, self.traffic_percentile = name == record.default, version.plan.settings.traffic
        self.version_type = (VersionType.control if version.control else VersionType.treatment).value

    @property
    def is_control_version_type(self) -> bool:
        return self.version_type == VersionType.control.value

    def update_deployment_state(self) -> None:
        """Fetch everything anew, in place."""
        self._endpoint.update_deployment_state()
        if self.name not in self._endpoint.versions:
            raise WebserviceException(f"Endpoint {self._endpoint.name!r} has no version {self.name!r} any more.")
        vars(self).update(vars(self._endpoint.versions[self.name]))

    def wait_for_deployment(self, show_output: bool = False, timeout_sec: float | None = None) -> None:
        self._endpoint.wait_for_deployment(show_output, timeout_sec)
        self.update_deployment_state()

    def run(self, input_data: Any) -> Any:
        """As the endpoint's: any version may answer. A caller asks for this one by the header x-mldeploy-version."""
        return self._endpoint.run(input_data)

    def get_logs(self, num_lines: int = 5000, init: bool = False) -> str:
        return self._endpoint.get_logs(num_lines, init)

    def get_keys(self) -> tuple[str, str]:
        return self._endpoint.get_keys()

    def get_token(self) -> tuple[str, datetime]:
        return self._endpoint.get_token()

    def update(self, *args: Any, **changes: Any) -> None:
        """Change this version, by `update_version` of its endpoint."""
        self._endpoint.update_version(self.name, *args, **changes)

    def delete(self) -> None:
        self._endpoint.delete_version(self.name)

    def add_tags(self, tags: Mapping[str, Any]) -> None:
        self.update(tags={**(self.tags or {}), **tags})

    def remove_tags(self, tags: Any) -> None:
        removed = {tags} if isinstance(tags, str) else set(tags)
        self.update(tags={key: value for key, value in (self.tags or {}).items() if key not in removed})

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        self.update(properties=properties)

    def regen_key(self, key: str, set_key: str | None = None) -> NoReturn:
        self._of_all("regen_key")

    def reload(self, wait: bool = False) -> NoReturn:
        raise NotAvailableException(
            "A version is given its script anew by endpoint.update_version(…, inference_config=…)."
        )

    def restart(self, wait: bool = False) -> NoReturn:
        self._of_all("restart")

    def _path(self) -> str:
        return self._endpoint._path()

    def _of_all(self, call: str) -> NoReturn:
        raise NotAvailableException(f"{call} concerns the endpoint as a whole: call it on {self._endpoint.name!r}.")


def given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of a method's `locals()`."""
    found = {name: value for name, value in arguments.items() if name != "self" and value is not None}
    if "version_name" in arguments and not isinstance(found.get("version_name"), str):
        raise WebserviceException(f"version_name is {arguments['version_name']!r}: give the name of a version, a text.")
    return found


def create(endpoint: AksEndpoint, asked: dict[str, Any]) -> None:
    """Begin to bring up a version that is not there yet."""
    current, name = endpoint._current(), asked["version_name"]
    if name in current.versions:
        raise WebserviceException(f"A version named {name!r} exists already. Change it with update_version.")
    if "inference_config" in asked:
        asked.setdefault("models", [])
    configuration = AksEndpointDeploymentConfiguration._restore(asked)
    _check([*_updating.content_problems(asked), *configuration._problems()])
    content = _updating.served(endpoint.workspace, current.plan, asked)
    if content is None:
        raise WebserviceException(WITH_SCRIPT)
    plan = Plan(
        endpoint.name,
        current.plan.type,
        content.script,
        configuration._settings(endpoint.name),
        content.models,
        content.environment,
        description=configuration.description or content.description,
        tags=as_texts("tags", configuration.tags),
        properties=as_texts("properties", configuration.properties),
        compute=current.plan.compute,
        configuration=_planning.recorded(configuration),
    )
    _put(endpoint, plan, asked)


def update(endpoint: AksEndpoint, asked: dict[str, Any]) -> None:
    """Begin to change a version that is there."""
    current, name = endpoint._current(), asked["version_name"]
    if set(asked) == {"version_name"}:
        raise WebserviceException(f"Nothing to update was given for version {name!r}: traffic_percentile, models, ….")
    with translated(WebserviceException):
        services.need_version(current, name)
    if asked.get("is_default") is False and name == current.default:
        raise WebserviceException(f"Version {name!r} is the default: make another version the default instead.")
    old = current.versions[name].plan
    changes = {key: value for key, value in asked.items() if key not in MARKS}
    configuration = merged(AksEndpointDeploymentConfiguration, old, changes)
    _check([*_updating.content_problems(asked), *configuration._problems()])
    content = _updating.served(endpoint.workspace, old, asked)
    _put(endpoint, _updating.annotated(_planning.changed(old, content, configuration), asked), asked)


def delete(endpoint: AksEndpoint, name: str) -> None:
    """Begin to end a version; one line says which one takes its place as the default."""
    with translated(WebserviceException):
        current = endpoint._current()
        services.remove_version(endpoint.workspace._home, endpoint.name, name)
        if name == current.default:
            print(f"Version {name!r} was the default of {endpoint.name!r}; now it is {services.heir(current, name)!r}.")
    endpoint.update_deployment_state()


def update_whole(endpoint: AksEndpoint, asked: dict[str, Any]) -> None:
    """Change authentication, logging and texts; only the request log needs an operation."""
    home, current = endpoint.workspace._home, endpoint._current()
    if not asked:
        raise WebserviceException(
            "Nothing to update was given: auth_enabled, enable_app_insights, description, tags, …."
        )
    configuration = merged(AksEndpointDeploymentConfiguration, current.plan, asked)
    _check(configuration._problems())
    auth = configuration._settings(endpoint.name).auth
    new = _updating.annotated(current.plan, asked)
    with translated(WebserviceException):
        if "enable_app_insights" in asked:
            logged = {"enable_app_insights": asked["enable_app_insights"]}
            settings = replace(new.settings, auth=auth, limits={**new.settings.limits, **logged})
            plan = replace(new, settings=settings, configuration={**new.configuration, **logged})
            services.restart(home, endpoint.name, plan)
        else:
            if auth != current.plan.settings.auth:
                services.set_auth(home, endpoint.name, auth)
            services.annotate(
                home, endpoint.name, description=new.description, tags=new.tags, properties=new.properties
            )
    endpoint.update_deployment_state()


def _put(endpoint: AksEndpoint, plan: Plan, asked: Mapping[str, Any]) -> None:
    control = asked.get("is_control_version_type")
    swap, default = not WITHOUT_WORKERS.issuperset(asked), bool(asked.get("is_default"))
    with translated(WebserviceException):
        services.put_version(endpoint.workspace._home, plan, swap=swap, default=default, control=control)
    endpoint.update_deployment_state()


def _check(found: list[str]) -> None:
    if found:
        raise WebserviceException("\n".join(found))
