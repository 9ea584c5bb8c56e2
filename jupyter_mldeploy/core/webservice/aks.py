"""Services of type AKS, alone and with several versions behind one name; twin of `azureml.core.webservice.aks`."""

from ._aks_configuration import AksServiceDeploymentConfiguration
from ._aks_endpoint import AksEndpoint
from ._aks_endpoint_configuration import AksEndpointDeploymentConfiguration, VersionType
from ._aks_webservice import AksWebservice
from ._parts import (
    AksServiceAccessToken,
    AutoScaler,
    ContainerResourceRequirements,
    DataCollection,
    LivenessProbeRequirements,
)

__all__ = [
    "AksEndpoint",
    "AksEndpointDeploymentConfiguration",
    "AksServiceAccessToken",
    "AksServiceDeploymentConfiguration",
    "AksWebservice",
    "AutoScaler",
    "ContainerResourceRequirements",
    "DataCollection",
    "LivenessProbeRequirements",
    "VersionType",
]
