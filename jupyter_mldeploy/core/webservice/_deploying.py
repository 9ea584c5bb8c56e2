"""What `Model.deploy` does: v1's arguments become a plan, an operation begins, and the service is returned at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..model import Model
from . import _no_code, _planning
from ._configuration import WebserviceDeploymentConfiguration
from ._local_configuration import LocalWebserviceDeploymentConfiguration
from ._models import references
from .webservice import Webservice, replaces

if TYPE_CHECKING:
    from ..model import InferenceConfig
    from ..workspace import Workspace


def deploy(
    workspace: Workspace,
    name: str,
    models: Iterable[Any] | None,
    inference_config: InferenceConfig | None = None,
    deployment_config: WebserviceDeploymentConfiguration | None = None,
    deployment_target: Any = None,
    overwrite: bool = False,
    show_output: bool = False,
) -> Webservice:
    """Deploy models behind an entry script, and return the service at once; wait with `wait_for_deployment`.

    Without an inference configuration one model is served by its framework, with the resources it was registered with.
    A Local configuration alone takes paths among the models, and replaces a Local service of the same name.
    """
    _planning.check_name(name)
    configuration = _planning.choose(deployment_config, deployment_target)
    local = isinstance(configuration, LocalWebserviceDeploymentConfiguration)
    given = references(workspace, models, paths=local)
    if inference_config is None:
        served = _no_code.served(workspace, given)
        if deployment_config is None:
            _no_code.resources(workspace, given, configuration)
    else:
        served = _planning.Served.of(given, inference_config)
    planned = _planning.plan(workspace, name, served, configuration, None if local else deployment_target)
    if show_output:
        Model.print_configuration(models, inference_config, configuration, deployment_target)
    _planning.launch(workspace, planned, configuration, overwrite=overwrite or replaces(workspace, name, local))
    if show_output:
        print(f"Follow it with service.wait_for_deployment(show_output=True), or read service.get_logs(): {name}")
    return Webservice(workspace, name)
