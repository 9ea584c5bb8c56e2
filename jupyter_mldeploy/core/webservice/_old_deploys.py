"""The deployments of v1's first releases: from images, and from models by way of one."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..exceptions import WebserviceException
from . import _planning
from ._local_configuration import LocalWebserviceDeploymentConfiguration
from ._models import references

if TYPE_CHECKING:
    from ..workspace import Workspace
    from .webservice import Webservice

MODEL_DEPLOY = "Use Model.deploy(workspace, name, models, inference_config, deployment_config)."


def deploy(
    workspace: Workspace,
    name: str,
    model_paths: Sequence[Any],
    image_config: Any,
    deployment_config: Any = None,
    deployment_target: Any = None,
    overwrite: bool = False,
) -> Webservice:
    """Register local files as models, and deploy them as `deploy_from_model` does."""
    from ..model._register import register_path

    _begin("Webservice.deploy", name, deployment_config)
    models = [register_path(workspace, path) for path in model_paths]
    return _from_model(workspace, name, models, image_config, deployment_config, deployment_target, overwrite)


def deploy_from_model(
    workspace: Workspace,
    name: str,
    models: Sequence[Any],
    image_config: Any,
    deployment_config: Any = None,
    deployment_target: Any = None,
    overwrite: bool = False,
) -> Webservice:
    """Make an image, named as the service, and deploy that."""
    _begin("Webservice.deploy_from_model", name, deployment_config)
    return _from_model(workspace, name, models, image_config, deployment_config, deployment_target, overwrite)


def deploy_from_image(
    workspace: Workspace,
    name: str,
    image: Any,
    deployment_config: Any = None,
    deployment_target: Any = None,
    overwrite: bool = False,
) -> Webservice:
    """Start a service of an image, and return it at once; wait with `wait_for_deployment`."""
    _begin("Webservice.deploy_from_image", name, deployment_config)
    return _from_image(workspace, name, image, deployment_config, deployment_target, overwrite)


def deploy_local_from_model(
    workspace: Workspace,
    name: str,
    models: Sequence[Any],
    image_config: Any,
    deployment_config: LocalWebserviceDeploymentConfiguration | None = None,
    wait: bool = False,
) -> Webservice:
    """Deploy models by an image configuration as a Local service; there is no image then."""
    from .webservice import Webservice, replaces

    _deprecated("Webservice.deploy_local_from_model")
    _planning.check_name(name)
    configuration = deployment_config or LocalWebserviceDeploymentConfiguration()
    if not isinstance(configuration, LocalWebserviceDeploymentConfiguration):
        raise WebserviceException(f"deployment_config is {deployment_config!r}: it must be a Local one.")
    served = _planning.Served.of(references(workspace, models, paths=True), image_config)
    planned = _planning.plan(workspace, name, served, configuration, None)
    _planning.launch(workspace, planned, configuration, overwrite=replaces(workspace, name, True))
    service = Webservice(workspace, name)
    if wait:
        service.wait_for_deployment()
    return service


def _begin(call: str, name: str, configuration: Any) -> None:
    _deprecated(call)
    _planning.check_name(name)
    if isinstance(configuration, LocalWebserviceDeploymentConfiguration):
        raise WebserviceException(f"{call} takes no Local configuration. {MODEL_DEPLOY}")


def _deprecated(call: str) -> None:
    warnings.warn(f"{call} is of v1's first releases. {MODEL_DEPLOY}", DeprecationWarning, stacklevel=4)


def _from_model(
    workspace: Workspace,
    name: str,
    models: Sequence[Any],
    image_config: Any,
    deployment_config: Any,
    deployment_target: Any,
    overwrite: bool,
) -> Webservice:
    from ..image import Image
    from .webservice import Webservice

    Webservice.check_for_existing_webservice(workspace, name, overwrite)
    image = Image.create(workspace, name, models, image_config)
    return _from_image(workspace, name, image, deployment_config, deployment_target, overwrite)


def _from_image(
    workspace: Workspace, name: str, image: Any, deployment_config: Any, deployment_target: Any, overwrite: bool
) -> Webservice:
    from ..image import Image
    from .webservice import Webservice

    if not isinstance(image, Image):
        raise WebserviceException(f"image is {image!r}: give what Image.create or Image(workspace, name) returns.")
    configuration = _planning.choose(deployment_config, deployment_target)
    planned = _planning.plan(workspace, name, image._served(), configuration, deployment_target)
    _planning.launch(workspace, planned, configuration, overwrite=overwrite)
    return Webservice(workspace, name)
