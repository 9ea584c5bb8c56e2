"""The deployments of v1's first releases, from images: present by name, each with the call that took their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from .._unavailable import unavailable

if TYPE_CHECKING:
    from ..workspace import Workspace

MODEL_DEPLOY = "Use Model.deploy(workspace, name, models, inference_config, deployment_config)."


def deploy(
    workspace: Workspace,
    name: str,
    model_paths: Any,
    image_config: Any,
    deployment_config: Any = None,
    deployment_target: Any = None,
    overwrite: bool = False,
) -> NoReturn:
    unavailable("Webservice.deploy", MODEL_DEPLOY)


def deploy_from_model(
    workspace: Workspace,
    name: str,
    models: Any,
    image_config: Any,
    deployment_config: Any = None,
    deployment_target: Any = None,
    overwrite: bool = False,
) -> NoReturn:
    unavailable("Webservice.deploy_from_model", MODEL_DEPLOY)


def deploy_from_image(
    workspace: Workspace,
    name: str,
    image: Any,
    deployment_config: Any = None,
    deployment_target: Any = None,
    overwrite: bool = False,
) -> NoReturn:
    unavailable("Webservice.deploy_from_image", MODEL_DEPLOY)


def deploy_local_from_model(
    workspace: Workspace, name: str, models: Any, image_config: Any, deployment_config: Any = None, wait: bool = False
) -> NoReturn:
    unavailable("Webservice.deploy_local_from_model", MODEL_DEPLOY)
