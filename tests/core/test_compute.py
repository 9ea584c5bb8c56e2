"""Compute targets: every check of v1 (one row each), and the stand-ins that they give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mldeploy.core import Workspace
from jupyter_mldeploy.core.compute import AksCompute, AmlCompute, ComputeTarget, KubernetesCompute
from jupyter_mldeploy.core.compute.aks import AksUpdateConfiguration, SslConfiguration
from jupyter_mldeploy.core.compute_target import ComputeTargetException
from jupyter_mldeploy.core.exceptions import NotAvailableException, UserErrorException

provision, attach = AksCompute.provisioning_configuration, AksCompute.attach_configuration
NETWORK = {
    "vnet_resourcegroup_name": "group",
    "vnet_name": "net",
    "subnet_name": "sub",
    "service_cidr": "10.0.0.0/16",
    "dns_service_ip": "10.0.0.10",
    "docker_bridge_cidr": "172.17.0.1/16",
}
SSL = {"ssl_cname": "a.b", "ssl_cert_pem_file": __file__, "ssl_key_pem_file": __file__}
RESOURCE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/name"


@pytest.fixture
def computes(home: Path) -> Iterator[Workspace]:
    """A workspace of the test's own; making one without a store takes no time."""
    yield Workspace("s", "g", "computes")


@pytest.mark.parametrize("count", [0, -1, "3", 1.5])
def test_agent_count_must_be_a_whole_number_above_zero(count: Any) -> None:
    with pytest.raises(ComputeTargetException, match="agent_count is"):
        provision(agent_count=count)


@pytest.mark.parametrize("missing", SSL)
def test_tls_needs_name_certificate_and_key_together(missing: str) -> None:
    given = {name: value for name, value in SSL.items() if name != missing}
    with pytest.raises(ComputeTargetException, match="together"):
        provision(**given)
    for configuration in (provision(), attach(cluster_name="c")):
        with pytest.raises(ComputeTargetException, match="together"):
            configuration.enable_ssl(**given)


def test_tls_excludes_a_leaf_domain_label() -> None:
    for configuration in (provision(), attach(cluster_name="c")):
        with pytest.raises(ComputeTargetException, match="leaf_domain_label excludes"):
            configuration.enable_ssl(leaf_domain_label="leaf", **SSL)
        configuration.enable_ssl(leaf_domain_label="leaf", overwrite_existing_domain=True)
        configuration.enable_ssl(**SSL)
        with pytest.raises(ComputeTargetException, match="enable_ssl needs"):
            configuration.enable_ssl()


@pytest.mark.parametrize("name", ["ssl_cert_pem_file", "ssl_key_pem_file"])
def test_the_files_of_tls_must_exist(name: str) -> None:
    with pytest.raises(ComputeTargetException, match=f"{name}: no file at 'gone'"):
        provision(**SSL | {name: "gone"})


@pytest.mark.parametrize("missing", NETWORK)
def test_the_network_settings_go_together(missing: str) -> None:
    with pytest.raises(ComputeTargetException, match=f"{missing} missing"):
        provision(**{name: value for name, value in NETWORK.items() if name != missing})
    assert provision(**NETWORK)


@pytest.mark.parametrize("configure", [provision, lambda **given: attach(cluster_name="c", **given)])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cluster_purpose": "Play"}, "cluster_purpose is 'Play'. Known: FastProd, DevTest"),
        ({"load_balancer_type": "Other"}, "load_balancer_type is 'Other'. Known: PublicIp"),
        ({"load_balancer_subnet": "sub"}, "load_balancer_subnet is for"),
        ({"load_balancer_type": "PublicIp", "load_balancer_subnet": "sub"}, "load_balancer_subnet is for"),
    ],
)
def test_purpose_and_load_balancer_are_of_known_kinds(configure: Any, given: dict[str, str], said: str) -> None:
    with pytest.raises(ComputeTargetException) as raised:
        configure(**given)
    assert said in raised.value.message
    assert configure(cluster_purpose=AksCompute.ClusterPurpose.DEV_TEST, load_balancer_type="InternalLoadBalancer")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Nothing names the cluster"),
        ({"resource_group": "g"}, "Nothing names the cluster"),
        ({"resource_id": "short/id"}, "resource_id is 'short/id'"),
        ({"resource_id": RESOURCE.replace("Container", "Other")}, "resource_id is"),
        ({"resource_id": RESOURCE + "/more"}, "resource_id is"),
        ({"resource_id": "kube://"}, "resource_id is"),
        ({"resource_id": RESOURCE, "cluster_name": "c"}, "excludes"),
        ({"resource_id": RESOURCE, "resource_group": "g"}, "excludes"),
    ],
)
def test_attaching_refuses(given: dict[str, str], said: str) -> None:
    with pytest.raises(ComputeTargetException) as raised:
        attach(**given)
    assert said in raised.value.message


@pytest.mark.parametrize(
    "given",
    [
        {"resource_id": RESOURCE},
        {"resource_id": "kube://context"},
        {"resource_group": "g", "cluster_name": "c"},
        {"cluster_name": "context"},
    ],
)
def test_attaching_accepts(given: dict[str, str], computes: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    target = ComputeTarget.attach(computes, "attached", attach(**given))
    assert (type(target), target.is_attached) == (AksCompute, True)
    assert target.cluster_resource_id == given.get("resource_id")
    assert capsys.readouterr().out.count("\n") == 1
    with pytest.raises(ComputeTargetException, match="detach"):
        target.delete()
    target.detach()
    assert ComputeTarget.list(computes) == []


@pytest.mark.parametrize("name", ["amlcompute", "local", "containerinstance", "Local"])
def test_reserved_names_are_refused(name: str, computes: Workspace) -> None:
    with pytest.raises(UserErrorException, match="is reserved"):
        ComputeTarget.create(computes, name, provision())


@pytest.mark.parametrize("name", ["", "ab", "a" * 25, "1abc", "a_bc", "../abc", "abc\n", None])
def test_names_that_break_the_rule_are_refused(name: Any, computes: Workspace) -> None:
    with pytest.raises(ComputeTargetException, match="cannot name a compute target"):
        ComputeTarget.create(computes, name, provision())


def test_a_stand_in_is_there_at_once_and_says_so(computes: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    asked = provision(agent_count=3, vm_size="Standard_D3_v2", cluster_purpose="DevTest", location="north")
    target = ComputeTarget.create(computes, "my-cluster", asked)
    assert "'my-cluster' is a stand-in" in capsys.readouterr().out
    assert isinstance(target, AksCompute)
    target.wait_for_completion(show_output=True)
    assert capsys.readouterr().out == "AKS compute target 'my-cluster': provisioning finished, \"Succeeded\"\n"
    assert (target.provisioning_state, target.get_status(), target.provisioning_errors) == (
        "Succeeded",
        "Succeeded",
        None,
    )
    assert (target.agent_count, target.agent_vm_size, target.cluster_purpose) == (3, "Standard_D3_v2", "DevTest")
    assert (target.type, target.location, target.is_attached) == ("AKS", "north", False)
    assert [t.name for t in ComputeTarget.list(computes)] == list(computes.compute_targets) == ["my-cluster"]
    with pytest.raises(ComputeTargetException, match="'my-cluster' exists already"):
        ComputeTarget.create(computes, "my-cluster", provision())


def test_the_idiom_of_notebooks_works(computes: Workspace) -> None:
    for _ in range(2):
        try:
            target = ComputeTarget(workspace=computes, name="once")
        except ComputeTargetException as error:
            assert error.message.startswith("ComputeTargetNotFound")
            target = ComputeTarget.create(computes, "once", provision())
    assert type(target) is type(AksCompute(computes, "once")) is AksCompute
    assert "once" in repr(target)


def test_a_cluster_attached_takes_the_stand_ins_place_and_nothing_else_does(computes: Workspace) -> None:
    ComputeTarget.create(computes, "grown", provision())
    assert ComputeTarget.attach(computes, "grown", attach(cluster_name="context")).is_attached
    with pytest.raises(ComputeTargetException, match="exists already"):
        ComputeTarget.attach(computes, "grown", attach(cluster_name="other"))


def test_deleting_forgets_it(computes: Workspace) -> None:
    target = ComputeTarget.create(computes, "gone", provision())
    target.delete()
    assert target.provisioning_state == "Deleting"
    for call in (target.refresh_state, target.delete, target.detach, lambda: ComputeTarget(computes, "gone")):
        with pytest.raises(ComputeTargetException, match="ComputeTargetNotFound"):
            call()


@pytest.mark.parametrize("configuration", [provision(), AmlCompute.provisioning_configuration(max_nodes=4)])
def test_serialize_comes_back(configuration: Any, computes: Workspace) -> None:
    target = ComputeTarget.create(computes, "written", configuration)
    payload = json.loads(json.dumps(target.serialize()))
    again = ComputeTarget.deserialize(computes, payload)
    assert type(again) is type(target)
    common = ("id", "name", "type", "createdOn", "provisioningState", "isAttachedCompute", "location")
    assert {key: again.serialize()[key] for key in common} == {key: payload[key] for key in common}
    with pytest.raises(ComputeTargetException, match="lacks type"):
        ComputeTarget.deserialize(computes, {"name": "x"})


def test_without_workspace_or_name_the_object_is_empty() -> None:
    assert AksCompute(None, "").provisioning_state is None  # type: ignore[arg-type]


def test_the_old_attach_and_wrong_configurations_are_refused(computes: Workspace) -> None:
    with pytest.raises(ComputeTargetException, match=r"use ComputeTarget\.attach"):
        AksCompute.attach(computes, "old", RESOURCE)
    for call in (ComputeTarget.create, ComputeTarget.attach):
        with pytest.raises(ComputeTargetException, match="is no configuration"):
            call(computes, "wrong", {"agent_count": 3})  # type: ignore[arg-type]


def test_updates_are_recorded_and_checked(computes: Workspace) -> None:
    target = ComputeTarget.create(computes, "changed", provision())
    assert isinstance(target, AksCompute)
    ssl = SslConfiguration("Enabled", cert="CERT", key="SECRET", cname="a.b")
    target.update(AksUpdateConfiguration(ssl, "InternalLoadBalancer", "sub"))
    again = AksCompute(computes, "changed")
    assert (again.load_balancer_type, again.load_balancer_subnet) == ("InternalLoadBalancer", "sub")
    assert again.ssl_configuration and again.ssl_configuration.cname == "a.b"
    assert SslConfiguration.deserialize(ssl.serialize()) == ssl and "SECRET" not in repr(ssl)
    assert "SECRET" not in (computes._home.path / "computes" / "changed.json").read_text()
    with pytest.raises(ComputeTargetException, match="ssl_configuration is 5"):
        AksUpdateConfiguration(5)  # type: ignore[arg-type]
    with pytest.raises(ComputeTargetException, match="no AksUpdateConfiguration"):
        target.update(5)  # type: ignore[arg-type]
    with pytest.raises(NotAvailableException):
        target.get_credentials()


def test_a_training_cluster_is_a_stand_in_too(computes: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    asked = AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=4, admin_user_password="sesame")
    target = ComputeTarget.create(computes, "cpu-cluster", asked)
    assert isinstance(target, AmlCompute)
    target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
    assert "Succeeded" in capsys.readouterr().out
    assert target.get_status().serialize()["currentNodeCount"] == 0
    target.update(max_nodes=2)
    assert (target.get().max_nodes, target.vm_size, target.list_nodes()) == (2, "STANDARD_D2_V2", [])
    assert "sesame" not in (computes._home.path / "computes" / "cpu-cluster.json").read_text()
    with pytest.raises(NotAvailableException):
        AmlCompute.supported_vmsizes(computes)


@pytest.mark.parametrize(
    ("given", "said"),
    [({"vm_priority": "cheap"}, "vm_priority is 'cheap'"), ({"min_nodes": 3, "max_nodes": 2}, "below min_nodes 3")],
)
def test_a_training_cluster_is_checked(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ComputeTargetException, match=said):
        AmlCompute.provisioning_configuration(**given)


def test_a_kubernetes_cluster_is_recorded(computes: Workspace) -> None:
    asked = KubernetesCompute.attach_configuration("kube://context", namespace="space")
    target = ComputeTarget.attach(computes, "arc", asked)
    assert isinstance(target, KubernetesCompute) and target.get().namespace == "space"
    with pytest.raises(ComputeTargetException, match="resource_id is missing"):
        KubernetesCompute.attach_configuration()
