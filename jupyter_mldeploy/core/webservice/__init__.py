"""Deployed services and their deployment configurations; twin of `azureml.core.webservice`."""

from ._json_form import load_deployment_configuration
from .aci import AciWebservice
from .aks import AksEndpoint, AksWebservice
from .local import LocalWebservice
from .unknown_webservice import UnknownWebservice
from .webservice import Webservice

__all__ = [
    "AciWebservice",
    "AksEndpoint",
    "AksWebservice",
    "LocalWebservice",
    "UnknownWebservice",
    "Webservice",
    "load_deployment_configuration",
]
