"""From v1's arguments to the plan of a deployment, and to the operation that carries it out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ... import services
from ...specs import EnvironmentSpec, ModelRef, Plan, ScriptSpec, Tls
from ...targets import preferred
from .._tags import as_texts
from ..compute import ComputeTarget
from ..exceptions import UserErrorException, WebserviceException, translated
from . import _fields, _switches
from ._aci_configuration import AciServiceDeploymentConfiguration
from ._aks_configuration import AksServiceDeploymentConfiguration
from ._configuration import WebserviceDeploymentConfiguration

if TYPE_CHECKING:
    from ..image import ImageConfig
    from ..model import InferenceConfig
    from ..workspace import Workspace

HELD = ("cpu_cores", "memory_gb", "cpu_cores_limit", "memory_gb_limit")  # by a container engine
KINDS = {"docker": "container"}  # what a service is there
ANNOTATIONS = ("description", "tags", "properties")
NO_CODE = (
    "An inference configuration is needed here: InferenceConfig(entry_script='score.py', environment=…), where the "
    "script defines init() and run(raw_data)."
)


@dataclass(frozen=True)
class Served:
    """What a service serves, apart from how it runs; `image` is the id of the one that it comes from, if any."""

    models: tuple[ModelRef, ...]
    script: ScriptSpec
    environment: EnvironmentSpec
    description: str | None = None
    image: str = ""

    @classmethod
    def of(cls, models: tuple[ModelRef, ...], inference_config: InferenceConfig | ImageConfig | None) -> Served:
        """The models with the script and the environment of an inference configuration."""
        if inference_config is None:
            raise UserErrorException(NO_CODE)
        if not hasattr(inference_config, "_script_spec"):
            raise WebserviceException(f"inference_config is {inference_config!r}: give an InferenceConfig.")
        script, environment = inference_config._script_spec(), inference_config._environment_spec()
        return cls(models, script, environment, inference_config.description)


def check_name(name: str) -> None:
    """Raise `WebserviceException` unless v1's rule for service names is met."""
    if not isinstance(name, str):
        raise WebserviceException(f"{name!r} cannot name a service: a name is a text.")
    with translated(WebserviceException):
        services.check_name(name)


def choose(configuration: Any, target: Any) -> WebserviceDeploymentConfiguration:
    """The configuration that was given, or the defaults that fit the target: ACI without one, AKS for AksCompute."""
    if configuration is None:
        return _defaults(target)
    if not isinstance(configuration, WebserviceDeploymentConfiguration):
        raise WebserviceException(
            f"deployment_config is {configuration!r}: give what LocalWebservice, AciWebservice or "
            "AksWebservice.deploy_configuration() returns."
        )
    if isinstance(configuration, AciServiceDeploymentConfiguration) and isinstance(target, ComputeTarget):
        raise WebserviceException(
            f"An ACI configuration does not fit the compute target {target.name!r} ({target.type}). "
            "Use AksWebservice.deploy_configuration(), or leave deployment_target out."
        )
    return configuration


def _defaults(target: Any) -> WebserviceDeploymentConfiguration:
    if target is None:
        return AciServiceDeploymentConfiguration()
    if isinstance(target, ComputeTarget) and target.type == "AKS":
        return AksServiceDeploymentConfiguration(*[None] * 30)
    raise WebserviceException(f"deployment_target is {target!r}: it needs a deployment_config that fits it.")


def plan(
    workspace: Workspace, name: str, served: Served, configuration: WebserviceDeploymentConfiguration, target: Any
) -> Plan:
    """The plan of a deployment. Everything that needs no work is checked here."""
    configuration.validate_configuration()
    compute = _compute(workspace, configuration, target)
    settings = replace(configuration._settings(name), target=configuration.target or preferred())
    if settings.tls is None and compute is not None:
        settings = replace(settings, tls=_of_cluster(compute))
    return Plan(
        name,
        configuration._webservice_type.upper(),
        served.script,
        settings,
        served.models,
        served.environment,
        description=configuration.description or served.description,
        tags=as_texts("tags", configuration.tags),
        properties=as_texts("properties", configuration.properties),
        compute=compute.name if compute else None,
        configuration={**recorded(configuration), **_image(served.image)},
    )


def launch(
    workspace: Workspace, planned: Plan, configuration: WebserviceDeploymentConfiguration, *, overwrite: bool
) -> None:
    """Start the deployment, and say in one line where the service will run."""
    with translated(WebserviceException):
        services.deploy(workspace._home, planned, keys=configuration._keys(), overwrite=overwrite)
    kind, runs_on = configuration._webservice_type, planned.settings.target
    idle = [name for name in configuration._recorded_only() if not (runs_on == "docker" and name in HELD)]
    print(
        f"{kind} service {planned.service!r} runs on this machine, as a {KINDS.get(runs_on, runs_on)}."
        + (f" Recorded, without effect here: {', '.join(idle)}." if idle else "")
    )


def recorded(configuration: WebserviceDeploymentConfiguration) -> dict[str, Any]:
    """The parameters that a record keeps; descriptions, tags and properties have places of their own."""
    given = _fields.given(configuration._fields)
    return {name: value for name, value in given.items() if name not in ANNOTATIONS}


def changed(current: Plan, served: Served | None, configuration: WebserviceDeploymentConfiguration) -> Plan:
    """A service's plan with other content (None: as it is), run as `configuration` says; port and target stay."""
    asked, old = configuration._settings(current.service), current.settings
    settings = replace(asked, host=old.host, port=old.port, target=old.target, autostart=old.autostart)
    image = current.configuration.get("image_id", "") if served is None else served.image
    new = replace(current, settings=settings, configuration={**recorded(configuration), **_image(image)})
    if served is None:
        return new
    return replace(new, models=served.models, script=served.script, environment=served.environment)


def _image(id: str) -> dict[str, str]:
    return {"image_id": id} if id else {}


def _compute(
    workspace: Workspace, configuration: WebserviceDeploymentConfiguration, target: Any
) -> ComputeTarget | None:
    """The compute target; what the configuration says wins (v1 SDK). It must exist."""
    if not isinstance(configuration, AksServiceDeploymentConfiguration):
        return None
    name = configuration.compute_target_name or getattr(target, "name", target)
    return ComputeTarget(workspace, name) if name else None


def _of_cluster(compute: ComputeTarget) -> Tls | None:
    """The certificate that a cluster was given for all its services."""
    asked = compute._record().configuration
    files = asked.get("ssl_cert_pem_file"), asked.get("ssl_key_pem_file")
    return _switches.tls((*files, asked.get("ssl_cname") or "")) if all(files) else None
