"""What `Model.deploy` does: v1's arguments become a plan, an operation begins, and the service is returned at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..model import Model
from . import _planning
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

    A Local configuration alone takes paths among the models, and replaces a Local service of the same name.
    """
    _planning.check_name(name)
    configuration = _planning.choose(deployment_config, deployment_target)
    local = isinstance(configuration, LocalWebserviceDeploymentConfiguration)
    served = _planning.Served.of(references(workspace, models, paths=local), inference_config)
    planned = _planning.plan(workspace, name, served, configuration, None if local else deployment_target)
    if show_output:
        Model.print_configuration(models, inference_config, configuration, deployment_target)
    _planning.launch(workspace, planned, configuration, overwrite=overwrite or replaces(workspace, name, local))
    if show_output:
        print(f"Follow it with service.wait_for_deployment(show_output=True), or read service.get_logs(): {name}")
    return Webservice(workspace, name)
