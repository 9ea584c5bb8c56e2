"""`update` of ACI and AKS services: every check, and what each change does to a running service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from deployer import BROKEN, ECHO, Deployer, deployer

from jupyter_mldeploy.core import Webservice, Workspace
from jupyter_mldeploy.core.exceptions import NotAvailableException, WebserviceException
from jupyter_mldeploy.core.webservice import AciWebservice, AksWebservice


@pytest.fixture(scope="module")
def shared(ws: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployer]:
    with deployer(ws, tmp_path_factory.mktemp("scripts")) as made:
        made.deployed("update-aci")
        made.deployed("update-aks", AksWebservice.deploy_configuration(cpu_cores=2, memory_gb=2))
        yield made


@pytest.fixture
def own(ws: Workspace, tmp_path: Path) -> Iterator[Deployer]:
    with deployer(ws, tmp_path) as made:
        yield made


TLS = {"ssl_cert_pem_file": __file__, "ssl_key_pem_file": __file__, "ssl_cname": "a.b"}


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("update-aci", {}, ["Nothing to update"]),
        ("update-aci", {"image": "old"}, ["image: Give an Image"]),
        ("update-aci", {"image": "old", "inference_config": "I"}, ["Give an Image", "exclude each other"]),
        ("update-aci", {"models": []}, ["models needs inference_config"]),
        ("update-aci", {"ssl_cert_pem_file": __file__}, ["only with ssl_enabled=True"]),
        ("update-aci", {"ssl_enabled": True}, ["ssl_cert_pem_file, ssl_key_pem_file, ssl_cname missing"]),
        ("update-aci", {"ssl_enabled": True} | TLS | {"ssl_key_pem_file": "gone"}, ["no file at 'gone'"]),
        ("update-aci", {"ssl_enabled": True} | TLS, ["do not fit"]),
        ("update-aci", {"image": "x", "models": [], "ssl_cname": "a"}, ["image:", "models needs", "ssl_enabled=True"]),
        ("update-aks", {}, ["Nothing to update"]),
        ("update-aks", {"image": "old"}, ["Give an Image"]),
        ("update-aks", {"models": []}, ["models needs inference_config"]),
        ("update-aks", {"token_auth_enabled": True}, ["exclude each other"]),
        ("update-aks", {"token_auth_enabled": True, "auth_enabled": True}, ["exclude each other"]),
        ("update-aks", {"cpu_cores_limit": 1}, ["cpu_cores_limit is 1, below cpu_cores 2"]),
        ("update-aks", {"memory_gb_limit": 1}, ["memory_gb_limit is 1, below memory_gb 2"]),
        ("update-aks", {"autoscale_enabled": True, "num_replicas": 2}, ["exclude each other"]),
        ("update-aks", {"autoscale_enabled": False}, ["needs num_replicas"]),
        ("update-aks", {"autoscale_max_replicas": 5}, ["needs autoscale_enabled=True"]),
        ("update-aks", {"namespace": "X", "num_replicas": 0}, ["namespace is 'X'", "num_replicas is 0"]),
    ],
)
def test_what_cannot_be_updated_is_said_all_at_once(shared: Deployer, name: str, given: Any, said: list[str]) -> None:
    values = {key: shared.inference() if value == "I" else value for key, value in given.items()}
    before = Webservice(shared.ws, name).serialize()
    with pytest.raises(WebserviceException) as raised:
        Webservice(shared.ws, name).update(**values)
    assert all(sentence in raised.value.message for sentence in said)
    assert Webservice(shared.ws, name).serialize() == before


def test_migration_is_refused(shared: Deployer) -> None:
    with pytest.raises(NotAvailableException, match="is_migration, compute_target"):
        Webservice(shared.ws, "update-aks").update(is_migration=True, compute_target="other")


def test_tags_are_replaced_and_properties_added_at_once(own: Deployer) -> None:
    service = own.deployed("described", AciWebservice.deploy_configuration(tags={"a": "1"}, properties={"p": "1"}))
    began = service.updated_time
    service.update(tags={"b": 2}, properties={"q": 2}, description="new")
    assert (service.tags, service.properties) == ({"b": "2"}, {"p": "1", "q": "2"})
    assert (service.description, service.state) == ("new", "Healthy") and service.updated_time > began
    service.wait_for_deployment()


def test_auth_is_switched_without_a_restart(own: Deployer) -> None:
    service = own.deployed("guarded", text=ECHO.format("in"))
    service.update(auth_enabled=True)
    assert service.auth_enabled and service.state == "Healthy"
    assert requests.post(service.scoring_uri, "{}", timeout=10).status_code == 401
    assert service.run("{}") == "in"
    service.update(auth_enabled=False)
    assert requests.post(service.scoring_uri, "{}", timeout=10).json() == "in"


def test_a_new_script_takes_over_and_the_address_stays(own: Deployer) -> None:
    service = own.deployed("renewed", text=ECHO.format("old"))
    uri = service.scoring_uri
    service.update(inference_config=own.inference(ECHO.format("new"), "other.py"), tags={"v": 2})
    assert service.state == "Transitioning"
    service.wait_for_deployment()
    assert service.run("{}") == "new"
    assert (service.scoring_uri, service.tags) == (uri, {"v": "2"})


def test_a_bad_update_changes_nothing_that_serves(own: Deployer) -> None:
    service = own.deployed("kept", text=ECHO.format("old"))
    service.update(inference_config=own.inference(BROKEN, "other.py"))
    with pytest.raises(WebserviceException, match="no such model in here"):
        service.wait_for_deployment()
    assert (service.state, service.run("{}")) == ("Healthy", "old")


def test_replicas_and_scaling_take_each_others_place(own: Deployer) -> None:
    service = own.deployed(
        "scaled", AksWebservice.deploy_configuration(autoscale_enabled=True, autoscale_max_replicas=3)
    )
    service.update(num_replicas=2)
    service.wait_for_deployment()
    assert (service.num_replicas, service.autoscaler.autoscale_enabled) == (2, False)
    service.update(autoscale_enabled=True, autoscale_max_replicas=4)
    service.wait_for_deployment()
    assert (service.num_replicas, service.autoscaler.max_replicas) == (1, 4)


def test_limits_of_the_running_service_are_changed_and_kept(own: Deployer) -> None:
    service = own.deployed("tuned", AksWebservice.deploy_configuration(cpu_cores=1, scoring_timeout_ms=5000))
    service.update(max_request_wait_time=900, cpu_cores_limit=2)
    service.wait_for_deployment()
    found = service.container_resource_requirements
    assert (service.max_request_wait_time, service.scoring_timeout_ms) == (900, 5000)
    assert (found.cpu, found.cpu_limit) == (1, 2)
