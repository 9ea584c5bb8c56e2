"""What the configurations of the stand-ins accept has the effect that the README says."""

from __future__ import annotations

import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from authority import authority
from deployer import ECHO, Deployer

from jupyter_mldeploy import services
from jupyter_mldeploy.core.compute import AksCompute, ComputeTarget
from jupyter_mldeploy.core.compute.aks import AksUpdateConfiguration, SslConfiguration
from jupyter_mldeploy.core.exceptions import ComputeTargetException, NotAvailableException, WebserviceException
from jupyter_mldeploy.core.webservice import AciWebservice, AksEndpoint, AksWebservice
from jupyter_mldeploy.core.webservice._fields import declared

TYPES: list[Any] = [AciWebservice, AksWebservice, AksEndpoint]
EACH = pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
COLLECT = """
    from azureml.monitoring import ModelDataCollector

    def init():
        global inputs
        inputs = ModelDataCollector("model", "inputs", ["asked"])

    def run(raw_data):
        inputs.collect([raw_data])
        return "done"
"""
SLEEP = """
    import time

    def init():
        pass

    def run(raw_data):
        time.sleep(0.1)
        return "done"
"""
README = Path(__file__).parents[2] / "README.md"


def short(kind: Any) -> str:
    return str(kind.__name__).lower()[:11]


def logged(service: Any) -> bool:
    service.run("{}")
    return '"total_ms"' in service.get_logs()


@EACH
def test_app_insights_is_the_request_log_and_switched_by_an_update(own: Deployer, kind: Any) -> None:
    asked = kind.deploy_configuration(enable_app_insights=True)
    service = own.deployed(f"logged-{short(kind)}", asked, ECHO.format("x"))
    assert service.enable_app_insights
    assert logged(service)
    service.update(enable_app_insights=False)
    service.wait_for_deployment()
    assert not service.enable_app_insights
    before = service.get_logs().count('"total_ms"')
    service.run("{}")
    assert service.get_logs().count('"total_ms"') == before


@pytest.mark.parametrize(
    ("kind", "asked", "collects"),
    [
        (AciWebservice, None, True),
        (AciWebservice, False, False),
        (AksWebservice, None, False),
        (AksEndpoint, True, True),
    ],
)
def test_collect_model_data_switches_the_collector(
    own: Deployer, kind: Any, asked: bool | None, collects: bool
) -> None:
    name = f"data-{short(kind)}-{asked}".lower()
    service = own.deployed(name, kind.deploy_configuration(collect_model_data=asked), COLLECT)
    service.run("{}")
    found = list((own.ws._home.service(name) / "modeldata").rglob("*.csv"))
    assert bool(found) is collects


def test_the_collector_is_switched_by_an_update(own: Deployer) -> None:
    service = own.deployed("data-updated", AksWebservice.deploy_configuration(), COLLECT)
    service.run("{}")
    service.update(collect_model_data=True)
    service.wait_for_deployment()
    assert service.data_collection.storage_enabled
    service.run("{}")
    (path,) = (own.ws._home.service("data-updated") / "modeldata").rglob("*.csv")
    assert len(path.read_text().splitlines()) == 2


def workers(service: Any) -> int:
    return services.state(service.workspace._home, service.name).ready


def test_replicas_grow_with_the_work_up_to_the_bound(own: Deployer) -> None:
    asked = AksWebservice.deploy_configuration(
        autoscale_enabled=True, autoscale_min_replicas=1, autoscale_max_replicas=3, auth_enabled=False
    )
    service = own.deployed("growing", asked, SLEEP)
    assert workers(service) == 1
    ending = threading.Event()
    statuses: set[int] = set()

    def client() -> None:
        while not ending.is_set():
            statuses.add(requests.post(service.scoring_uri, data="{}", timeout=20).status_code)

    threads = [threading.Thread(target=client) for _ in range(6)]
    for thread in threads:
        thread.start()
    limit = time.monotonic() + 20
    while workers(service) < 3 and time.monotonic() < limit:
        time.sleep(0.1)
    grown = workers(service)
    service.update(num_replicas=2)
    service.wait_for_deployment()
    fixed = workers(service)
    ending.set()
    for thread in threads:
        thread.join(20)
    assert (grown, fixed, statuses) == (3, 2, {200})
    assert service.autoscaler.autoscale_enabled is False


def test_a_clusters_changed_certificate_is_served_from_the_next_deployment_on(own: Deployer, tmp_path: Path) -> None:
    ca = authority(tmp_path)
    cluster: Any = ComputeTarget.create(own.ws, "changing-tls", AksCompute.provisioning_configuration())
    service = own.deployed("on-changing", AksWebservice.deploy_configuration(), deployment_target=cluster)
    assert service.scoring_uri.startswith("http://")
    certificate, key = (Path(path).read_text() for path in ca.files)
    cluster.update(AksUpdateConfiguration(SslConfiguration("Enabled", certificate, key, cname="127.0.0.1")))
    assert cluster.ssl_configuration.cname == "127.0.0.1"
    options = {"deployment_target": cluster, "overwrite": True}
    service = own.deployed("on-changing", AksWebservice.deploy_configuration(), **options)
    assert service.scoring_uri.startswith("https://")
    assert service.run('{"data": [[1, 2]]}') == "[3]"
    kept = own.ws._home.path / "computes" / "changing-tls.key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    cluster.update(AksUpdateConfiguration(SslConfiguration("Disabled")))
    assert cluster.ssl_configuration is None
    service = own.deployed("on-changing", AksWebservice.deploy_configuration(), **options)
    assert service.scoring_uri.startswith("http://")
    service.delete()
    cluster.delete()
    assert not kept.exists()


def test_a_key_that_is_no_file_is_never_shown(own: Deployer, capsys: pytest.CaptureFixture[str]) -> None:
    cluster: Any = ComputeTarget.create(own.ws, "odd-tls", AksCompute.provisioning_configuration())
    cluster.update(AksUpdateConfiguration(SslConfiguration("Enabled", cert="C", key="sesame" * 100, cname="a.b")))
    said = capsys.readouterr().out
    assert "recorded, and not served" in said
    assert "sesame" not in said
    with pytest.raises(NotAvailableException, match="no cluster to log in to"):
        cluster.get_credentials()
    cluster.detach()


def test_a_leaf_domain_label_is_recorded(own: Deployer) -> None:
    asked = AksCompute.provisioning_configuration()
    asked.enable_ssl(leaf_domain_label="contoso")
    cluster: Any = ComputeTarget.create(own.ws, "leaf-domain", asked)
    assert cluster.ssl_configuration.leaf_domain_label == "contoso"
    service = own.deployed("on-leaf", AksWebservice.deploy_configuration(), deployment_target=cluster)
    assert service.scoring_uri.startswith("http://")
    with pytest.raises(ComputeTargetException, match="in use by on-leaf"):
        cluster.delete()
    with pytest.raises(ComputeTargetException, match="in use by on-leaf"):
        cluster.detach()
    service.delete()
    cluster.detach()
    with pytest.raises(ComputeTargetException, match="ComputeTargetNotFound"):
        ComputeTarget(own.ws, "leaf-domain")


@EACH
def test_what_update_may_not_change_it_does_not_take(own: Deployer, kind: Any) -> None:
    service = own.deployed(f"fixed-{short(kind)}", kind.deploy_configuration(), ECHO.format("x"))
    with pytest.raises(WebserviceException, match="Nothing to update"):
        service.update()
    with pytest.raises(TypeError, match="dns_name_label"):
        service.update(dns_name_label="x")
    if kind is AksWebservice:
        with pytest.raises(NotAvailableException, match="migrating a service does not exist here"):
            service.update(is_migration=True, compute_target="other")


@EACH
def test_the_readme_names_all_that_is_only_recorded(kind: Any) -> None:
    rules = declared(type(kind.deploy_configuration()))
    rows = [line for line in README.read_text().splitlines() if line.startswith("|") and "| recorded" in line]
    words = {"cpu": "cpu", "memory": "memory", "gpu": "GPU", "cmk": "cmk_*", "subnet": "subnet_name"}
    probes = {"period_seconds", "initial_delay_seconds", "timeout_seconds", "success_threshold", "failure_threshold"}
    for name, rule in rules.items():
        if not rule.effect and name not in probes:
            assert any(words.get(name.split("_")[0], name) in row for row in rows), name
