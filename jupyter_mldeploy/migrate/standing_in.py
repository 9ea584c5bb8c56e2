"""What a class of the SDK does here that is not what it did there: one phrase each, as the README's table says it."""

from __future__ import annotations

_MACHINE = "a service of this machine"
_LOGIN = "accepted; nothing is contacted, so nobody logs in"

STAND_INS = {
    "AciWebservice": f"{_MACHINE}; region, DNS label and sizes are recorded",
    "AksWebservice": f"{_MACHINE}; replicas are workers, keys are on by default",
    "AksEndpoint": f"{_MACHINE}; traffic is shared among its versions",
    "AksCompute": "a stand-in: what is deployed to it runs on this machine",
    "AmlCompute": "a stand-in: what is submitted to it runs on this machine",
    "KubernetesCompute": "a stand-in: what is deployed to it runs on this machine",
    "ContainerImage": "a bundle on this machine; no image is pushed anywhere",
    "Image": "a bundle on this machine; no image is pushed anywhere",
    "DockerConfiguration": "accepted; scripts run in their Python environment, without a container",
    "MpiConfiguration": "accepted; one process runs",
    "PyTorchConfiguration": "accepted; one process runs",
    "TensorflowConfiguration": "accepted; one process runs",
    "Keyvault": "a file of the workspace that only you may read",
    "Datastore": "a folder of the workspace",
    "InteractiveLoginAuthentication": _LOGIN,
    "ServicePrincipalAuthentication": _LOGIN,
    "AzureCliAuthentication": _LOGIN,
    "MsiAuthentication": _LOGIN,
    "ArmTokenAuthentication": _LOGIN,
}
