"""Every class that v1 published for deployments is ours, or stands below with the reason why it is not."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from jupyter_mldeploy.core.exceptions import AzureMLException

TABLE = Path(__file__).with_name("signatures.txt")
REFUSED = Path(__file__).with_name("refused.txt")
PUBLISHED = re.findall(
    r"\w+",
    """
    AMLRequest AMLResponse AbstractAuthentication AciServiceDeploymentConfiguration AciWebservice
    AksAttachConfiguration AksCompute AksEndpoint AksEndpointDeploymentConfiguration AksProvisioningConfiguration
    AksServiceAccessToken AksServiceDeploymentConfiguration AksUpdateConfiguration AksWebservice AmlCompute
    ArmTokenAuthentication AutoScaler AzureCliAuthentication AzureMLTokenAuthentication ComputeTarget
    CondaDependencies ContainerImage ContainerRegistry ContainerResourceRequirements DataCollection
    DockerBuildContext DockerImageDetails DockerSection EncryptionProperties Environment Experiment Image
    ImageBuildDetails InferenceConfig InteractiveLoginAuthentication IotBaseModuleSettings IotContainerImage
    IotHubAttachConfiguration IotHubCompute IotImageConfig IotModuleSettings IotServiceDeploymentConfiguration
    IotWebservice Keyvault KubernetesCompute LivenessProbeRequirements LocalWebservice
    LocalWebserviceDeploymentConfiguration Model ModelPackage ModelProfile MsiAuthentication NumpyParameterType
    PandasParameterType PythonSection ResourceConfiguration Run ScriptRunConfig ServicePrincipalAuthentication
    SparkParameterType SslConfiguration StandardPythonParameterType TokenAuthentication UnknownWebservice
    VnetConfiguration WebServiceAccessToken Webservice WebserviceDeploymentConfiguration Workspace
    """,
)
INFERENCE_SCHEMA = "a package of its own, which is installed and used as it is"
IN_THE_SERVICE = "lives in the scoring server's own shims, with the signature of azmlinfsrv; tests/server compares it"
EDGE = "deployment to Azure IoT Edge: importing does no harm, using says what to do"
ELSEWHERE = {
    **dict.fromkeys(("AMLRequest", "AMLResponse"), IN_THE_SERVICE),
    **dict.fromkeys([name for name in PUBLISHED if name.endswith("ParameterType")], INFERENCE_SCHEMA),
    **dict.fromkeys([name for name in PUBLISHED if name.startswith("Iot")], EDGE),
}


def ours() -> dict[str, str]:
    """Class → module, as the signatures list them."""
    return dict(line.split() for line in TABLE.read_text().splitlines() if line[:1].isalpha())  # type: ignore[misc]


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_class_is_ours_or_has_a_reason(name: str) -> None:
    assert (name in ours()) != (name in ELSEWHERE)


def refused() -> dict[str, str]:
    """Class.method → why it is not ours, as the list has them."""
    lines = REFUSED.read_text().splitlines()
    return dict(line.split(maxsplit=1) for line in lines if not line.startswith("#"))  # type: ignore[misc]


def unavailable() -> list[str]:
    """The methods that never return, as their annotations say."""
    found = []
    for name, module in ours().items():
        owner = getattr(import_module(f"jupyter_mldeploy.core.{module}"), name)
        for member, function in inspect.getmembers(owner, callable):
            if str(getattr(function, "__annotations__", {}).get("return", "")).endswith("NoReturn"):
                found.append(f"{name}.{member}")
    return found


def test_what_is_not_ours_is_listed_with_its_reason() -> None:
    assert sorted(unavailable()) == sorted(refused())
    assert all(len(reason) > 15 for reason in refused().values())


@pytest.mark.parametrize("listed", refused())
def test_what_is_not_ours_raises_one_sentence_that_says_so(listed: str) -> None:
    name, member = listed.split(".")
    owner = getattr(import_module(f"jupyter_mldeploy.core.{ours()[name]}"), name)
    function = getattr(owner, member)
    required = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    blank = object.__new__(owner)
    blank.__dict__.update(name="x", id="x", _record=None, _place=SimpleNamespace(snapshot=Path("/nowhere")))
    given = [blank if p.name == "self" else SimpleNamespace(name="x") for p in required if p.kind < 2]
    with pytest.raises((AzureMLException, NotImplementedError)) as caught:
        function(*given)
    said = getattr(caught.value, "message", str(caught.value))
    assert said.endswith((".", "output_directory")) and len(said) > 40


@pytest.mark.parametrize("name", [name for name, reason in ELSEWHERE.items() if reason == EDGE])
def test_what_belongs_to_the_edge_says_so_when_it_is_used(name: str) -> None:
    code = f"import jupyter_mldeploy.azureml\nfrom azureml.contrib.iot import {name}\n{name}()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "IoT Edge" in done.stderr
