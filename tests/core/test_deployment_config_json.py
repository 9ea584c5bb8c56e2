"""v1's JSON form of deployment configurations, and the grouped values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mldeploy.core.exceptions import FileMissingException, WebserviceException
from jupyter_mldeploy.core.webservice import AksWebservice, load_deployment_configuration
from jupyter_mldeploy.core.webservice._fields import tree
from jupyter_mldeploy.core.webservice.aci import (
    AciServiceDeploymentConfiguration,
    EncryptionProperties,
    VnetConfiguration,
)
from jupyter_mldeploy.core.webservice.aks import AksServiceAccessToken, AksServiceDeploymentConfiguration
from jupyter_mldeploy.core.webservice.local import LocalWebserviceDeploymentConfiguration
from jupyter_mldeploy.core.webservice.webservice import (
    AutoScaler,
    ContainerResourceRequirements,
    DataCollection,
    LivenessProbeRequirements,
)

AKS = {
    "computeType": "AKS",
    "containerResourceRequirements": {"cpu": 1, "cpuLimit": 2, "memoryInGB": 3, "memoryInGBLimit": 4},
    "gpuCores": 1,
    "autoScaler": {
        "autoscaleEnabled": True,
        "minReplicas": 1,
        "maxReplicas": 2,
        "refreshPeriodInSeconds": 3,
        "targetUtilization": 4,
    },
    "dataCollection": {"storageEnabled": True},
    "authEnabled": False,
    "tokenAuthEnabled": False,
    "keys": {"primaryKey": "one", "secondaryKey": "two"},
    "appInsightsEnabled": True,
    "scoringTimeoutMs": 5,
    "maxConcurrentRequestsPerContainer": 6,
    "maxQueueWaitMs": 7,
    "livenessProbeRequirements": {
        "periodSeconds": 8,
        "initialDelaySeconds": 9,
        "timeoutSeconds": 10,
        "successThreshold": 11,
        "failureThreshold": 12,
    },
    "namespace": "space",
    "computeTargetName": "cluster",
    "description": "text",
    "tags": {"a": "1"},
    "properties": {"b": "2"},
}
AKS_VALUES = {
    "cpu_cores": 1,
    "cpu_cores_limit": 2,
    "memory_gb": 3,
    "memory_gb_limit": 4,
    "gpu_cores": 1,
    "autoscale_enabled": True,
    "autoscale_min_replicas": 1,
    "autoscale_max_replicas": 2,
    "autoscale_refresh_seconds": 3,
    "autoscale_target_utilization": 4,
    "collect_model_data": True,
    "auth_enabled": False,
    "token_auth_enabled": False,
    "primary_key": "one",
    "secondary_key": "two",
    "enable_app_insights": True,
    "scoring_timeout_ms": 5,
    "replica_max_concurrent_requests": 6,
    "max_request_wait_time": 7,
    "period_seconds": 8,
    "initial_delay_seconds": 9,
    "timeout_seconds": 10,
    "success_threshold": 11,
    "failure_threshold": 12,
    "namespace": "space",
    "compute_target_name": "cluster",
    "description": "text",
    "tags": {"a": "1"},
    "properties": {"b": "2"},
}
ACI_VALUES = {
    "cpu_cores": 1,
    "memory_gb": 2,
    "auth_enabled": True,
    "location": "north",
    "dns_name_label": "label",
    "ssl_enabled": False,
    "ssl_cert_pem_file": __file__,
    "ssl_key_pem_file": __file__,
    "ssl_cname": "a.b",
    "cmk_vault_base_url": "v",
    "cmk_key_name": "k",
    "cmk_key_version": "1",
    "vnet_name": "net",
    "subnet_name": "sub",
}
ACI = {
    "computeType": "aci",
    "containerResourceRequirements": {"cpu": 1, "memoryInGB": 2},
    "authEnabled": True,
    "location": "north",
    "dnsNameLabel": "label",
    "sslEnabled": False,
    "sslCertificate": __file__,
    "sslKey": __file__,
    "cname": "a.b",
    "vaultBaseUrl": "v",
    "keyName": "k",
    "keyVersion": "1",
    "vnetName": "net",
    "subnetName": "sub",
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("content", "kind", "values"),
    [
        (AKS, AksServiceDeploymentConfiguration, AKS_VALUES),
        ({"computeType": "aks", "numReplicas": 3}, AksServiceDeploymentConfiguration, {"num_replicas": 3}),
        (ACI, AciServiceDeploymentConfiguration, ACI_VALUES),
        ({"computeType": "Local", "port": 6789}, LocalWebserviceDeploymentConfiguration, {"port": 6789}),
    ],
    ids=["aks", "aks fixed", "aci", "local"],
)
def test_every_key_of_the_json_form_reaches_its_parameter(
    content: Any, kind: type, values: Any, tmp_path: Path
) -> None:
    file = tmp_path / "deploymentconfig.json"
    file.write_text(json.dumps(content))
    for configuration in (load_deployment_configuration(content), load_deployment_configuration(file)):
        assert type(configuration) is kind
        found = {name: value for name, value in vars(configuration).items() if value is not None}
        assert {name: found[name] for name in values} == values
        assert set(found) - set(values) <= {"auth_enabled", "workers"}, "what only Local has beside"


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        ({}, WebserviceException, "computeType is missing. Use one of: aci, aks, local"),
        ({"computeType": "vm"}, WebserviceException, "computeType is 'vm'"),
        ({"computeType": "AksEndpoint", "trafficPercentile": 101}, WebserviceException, "traffic_percentile is 101"),
        ({"computeType": "local", "port": 99999}, WebserviceException, "port is 99999"),
        ({"computeType": "aci", "containerResourceRequirements": {"cpu": 0}}, WebserviceException, "cpu_cores is 0"),
    ],
)
def test_a_wrong_object_is_refused(content: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error) as raised:
        load_deployment_configuration(content)
    assert said in str(raised.value)


@pytest.mark.parametrize(("text", "said"), [("{", "is no JSON"), ("[1]", "no JSON object but list"), (None, "No dep")])
def test_a_file_that_holds_none_is_refused(text: str | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    if text:
        file.write_text(text)
    with pytest.raises(WebserviceException, match=said) as raised:
        load_deployment_configuration(file)
    assert isinstance(raised.value, FileMissingException) == (text is None)


def test_an_unknown_key_is_left_out_with_one_warning() -> None:
    with pytest.warns(UserWarning, match=r"numReplica, autoScaler\.speed\. Known: appInsights") as caught:
        load_deployment_configuration({"computeType": "aks", "numReplica": 3, "autoScaler": {"speed": 1}})
    assert len(caught) == 1


NUMBERS = st.none() | st.integers(1, 1000) | st.floats(0.1, 1000)


@given(
    cpu=NUMBERS, memory=NUMBERS, timeout=st.none() | st.integers(1, 10**6), tags=st.dictionaries(st.text(), st.text())
)
def test_a_configuration_survives_its_json_form(cpu: Any, memory: Any, timeout: Any, tags: dict[str, str]) -> None:
    made = AksWebservice.deploy_configuration(
        autoscale_enabled=True, cpu_cores=cpu, memory_gb=memory, scoring_timeout_ms=timeout, tags=tags
    )
    again = load_deployment_configuration({**json.loads(json.dumps(tree(made))), "computeType": "aks"})
    assert tree(again) == tree(made)


@pytest.mark.parametrize(
    ("value", "payload"),
    [
        (
            ContainerResourceRequirements(1, 2, 3, 4, 5),
            {"cpu": 1, "memoryInGB": 2, "gpu": 3, "cpuLimit": 4, "memoryInGBLimit": 5},
        ),
        (
            LivenessProbeRequirements(1, 2, 3, 4, 5),
            {
                "periodSeconds": 1,
                "initialDelaySeconds": 2,
                "timeoutSeconds": 3,
                "successThreshold": 4,
                "failureThreshold": 5,
            },
        ),
        (
            AutoScaler(True, 5, 1, 2, 70),
            {
                "autoscaleEnabled": True,
                "maxReplicas": 5,
                "minReplicas": 1,
                "refreshPeriodInSeconds": 2,
                "targetUtilization": 70,
            },
        ),
        (DataCollection(False, True), {"eventHubEnabled": False, "storageEnabled": True}),
        (EncryptionProperties("v", "k", "1"), {"vaultBaseUrl": "v", "keyName": "k", "keyVersion": "1"}),
        (VnetConfiguration("net", "sub"), {"vnetName": "net", "subnetName": "sub"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_grouped_values_have_their_json_form(value: Any, payload: dict[str, Any]) -> None:
    assert value.serialize() == payload
    assert type(value).deserialize(payload) == value
    assert type(value).deserialize(None) is None


def test_a_token_has_local_times_and_is_not_shown() -> None:
    payload = {"accessToken": "sesame", "tokenType": "Bearer", "refreshAfter": 1_700_000_000, "expiryOn": 1_700_003_600}
    token = AksServiceAccessToken.deserialize(payload)
    assert token.refresh_after.tzinfo is None and (token.expiry_on - token.refresh_after).seconds == 3600
    assert token.serialize() == payload
    assert "sesame" not in repr(token)
