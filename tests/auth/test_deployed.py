"""TLS and tokens of an outside issuer in deployed services: switched on, changed and exchanged while they serve."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from authority import Authority, authority, shown
from deployer import BROKEN, Deployer, deployer
from sandbox import VERSION, Sandbox

from jupyter_mldeploy import client, services
from jupyter_mldeploy.core import ComputeTarget, Webservice, Workspace
from jupyter_mldeploy.core.compute import AksCompute
from jupyter_mldeploy.core.exceptions import WebserviceException
from jupyter_mldeploy.core.webservice import AciWebservice, AksWebservice, LocalWebservice
from jupyter_mldeploy.errors import OperationFailed, ServiceUnreachable
from jupyter_mldeploy.specs import Tls

from ..server.front.fronts import eventually
from .parts import Issuer, bearer

BODY = json.dumps({"data": [[1, 2], [3, 4]]})


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLDEPLOY_HOME", str(tmp_path_factory.mktemp("workspaces")))
        made = Workspace.create("tls-tests")
    yield made


@pytest.fixture
def own(ws: Workspace, tmp_path: Path) -> Iterator[Deployer]:
    """One workspace for all, as making its store takes seconds."""
    (tmp_path / "scripts").mkdir()
    with deployer(ws, tmp_path / "scripts") as made:
        yield made


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    (tmp_path / "certificates").mkdir()
    return authority(tmp_path / "certificates")


def tls(ca: Authority, name: str = "") -> Tls:
    return Tls(*ca.files, name)


def test_a_local_service_speaks_https_and_run_trusts_its_own_certificate(own: Deployer, ca: Authority) -> None:
    configuration = LocalWebservice.deploy_configuration()
    configuration.tls = ca.files
    configuration.auth_enabled = True
    service = own.deployed("with-tls", configuration)
    assert service.scoring_uri.startswith("https://127.0.0.1:")
    assert service.swagger_uri.startswith("https://127.0.0.1:")
    assert service.run(BODY) == "[3, 7]"
    key = {"Authorization": f"Bearer {service.get_keys()[0]}"}
    assert requests.post(service.scoring_uri, BODY, headers=key, verify=ca.own, timeout=10).json() == "[3, 7]"
    with pytest.raises(requests.exceptions.SSLError):
        requests.post(service.scoring_uri, BODY, timeout=10)
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.post(service.scoring_uri.replace("https", "http"), BODY, timeout=10)


def test_only_the_paths_of_a_certificate_are_kept(own: Deployer, ca: Authority) -> None:
    configuration = LocalWebservice.deploy_configuration()
    configuration.tls = ca.files
    service = own.deployed("paths-only", configuration)
    secret = "".join(Path(ca.files[1]).read_text().splitlines()[1:2])
    assert service.run(BODY) == "[3, 7]" and len(secret) > 40
    home = own.ws._home.path
    kept = [path for path in home.rglob("*") if path.is_file() and not path.is_symlink()]
    assert not [path for path in kept if secret.encode() in path.read_bytes()]


def test_aci_serves_the_certificate_and_checks_it_by_its_cname(own: Deployer, ca: Authority) -> None:
    ca.issue("named", host="scoring.example")
    certificate, key = ca.files
    configuration = AciWebservice.deploy_configuration(
        ssl_enabled=True, ssl_cert_pem_file=certificate, ssl_key_pem_file=key, ssl_cname="scoring.example"
    )
    service = own.deployed("aci-tls", configuration)
    assert (service.ssl_enabled, service.cname, service.public_fqdn) == (True, "scoring.example", "scoring.example")
    assert service.run(BODY) == "[3, 7]"
    service.update(ssl_cname="another.example")
    service.wait_for_deployment()
    with pytest.raises(WebserviceException, match="not trusted here: .*another.example"):
        service.run(BODY)
    service.update(ssl_enabled=False)
    service.wait_for_deployment()
    assert not service.ssl_enabled
    assert service.scoring_uri.startswith("http://")
    assert service.run(BODY) == "[3, 7]"


def test_a_cluster_gives_its_services_its_certificate(own: Deployer, ca: Authority) -> None:
    asked = AksCompute.provisioning_configuration()
    asked.enable_ssl("127.0.0.1", *ca.files)
    cluster = ComputeTarget.create(own.ws, "tls-cluster", asked)
    service = own.deployed("on-cluster", AksWebservice.deploy_configuration(), deployment_target=cluster)
    assert service.scoring_uri.startswith("https://")
    assert service.run(BODY) == "[3, 7]"


def test_an_aks_update_switches_it_on_and_off_and_a_bad_script_does_not(own: Deployer, ca: Authority) -> None:
    service = own.deployed("switched", AksWebservice.deploy_configuration())
    port = urlsplit(service.scoring_uri).port
    service.update(tls=ca.files, inference_config=own.inference(BROKEN, "broken.py"))
    with pytest.raises(WebserviceException, match="no such model in here"):
        service.wait_for_deployment()
    assert service.scoring_uri.startswith("http://") and service.run(BODY) == "[3, 7]"
    service.update(tls=ca.files)
    service.wait_for_deployment()
    assert service.scoring_uri == f"https://127.0.0.1:{port}/api/v1/service/switched/score"
    assert Webservice(own.ws, "switched").run(BODY) == "[3, 7]"
    service.update(num_replicas=2)
    service.wait_for_deployment()
    assert service.scoring_uri.startswith("https://")
    service.update(tls=False)
    service.wait_for_deployment()
    assert service.scoring_uri == f"http://127.0.0.1:{port}/api/v1/service/switched/score"
    assert service.run(BODY) == "[3, 7]"


def test_a_certificate_is_exchanged_at_its_path_without_a_restart(box: Sandbox, ca: Authority) -> None:
    box.deploy(box.plan(tls=tls(ca)))
    where = services.address(box.home, "summing")
    assert where is not None
    port, before = urlsplit(where.local).port or 0, services.record(box.home, "summing").handle
    assert shown(port, ca) == "first"
    assert client.score(f"{where.local}/score", BODY, service=where).status == 200
    ca.issue("second")
    eventually(lambda: shown(port, ca) == "second", 5)
    assert client.score(f"{where.local}/score", BODY, service=where).status == 200
    assert services.record(box.home, "summing").handle == before


def test_changes_of_script_under_load_over_tls_lose_nothing(box: Sandbox, ca: Authority) -> None:
    box.deploy(box.plan(VERSION.format("one"), tls=tls(ca)))
    where = services.address(box.home, "summing")
    assert where is not None
    seen: list[bytes] = []
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            seen.append(client.score(f"{where.local}/score", "{}", service=where, timeout=30).content)

    callers = [threading.Thread(target=load) for _ in range(3)]
    for caller in callers:
        caller.start()
    try:
        services.update(box.home, box.plan(VERSION.format("two"), tls=tls(ca))).wait(30)
        box.script(VERSION.format("three"))
        services.reload(box.home, "summing").wait(30)
    finally:
        done.set()
        for caller in callers:
            caller.join()
    assert {b'"one"', b'"three"'} <= set(seen) <= {b'"one"', b'"two"', b'"three"'}


def test_a_change_of_the_files_under_load_loses_no_connection(box: Sandbox, ca: Authority) -> None:
    box.deploy(box.plan(tls=tls(ca)))
    ca.issue("other", "other.crt", "other.key")
    port = urlsplit(box.url()).port or 0
    seen: list[str] = []
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            seen.append(shown(port, ca))

    callers = [threading.Thread(target=load) for _ in range(2)]
    for caller in callers:
        caller.start()
    try:
        for name in ("other", "tls", "other"):
            files = (str(ca.folder / f"{name}.{kind}") for kind in ("crt", "key"))
            services.update(box.home, box.plan(tls=Tls(*files))).wait(30)
            seen.append("changed")
    finally:
        done.set()
        for caller in callers:
            caller.join()
    order = [name for before, name in zip(["", *seen], seen, strict=False) if name != before]
    assert set(order) == {"first", "other", "changed"} and len(seen) > 20
    assert seen[-1] == "other"


def test_other_files_take_the_place_of_the_first_and_a_restart_keeps_them(box: Sandbox, ca: Authority) -> None:
    box.deploy(box.plan(tls=tls(ca)))
    ca.issue("other", "other.crt", "other.key")
    other = Tls(str(ca.folder / "other.crt"), str(ca.folder / "other.key"))
    services.update(box.home, box.plan(tls=other)).wait(30)
    port = urlsplit(box.url()).port or 0
    assert shown(port, ca) == "other"
    handle = services.record(box.home, "summing").handle
    assert handle is not None
    os.kill(int(handle.data["pid"]), 9)
    services.restart(box.home, "summing").wait(30)
    assert shown(urlsplit(box.url()).port or 0, ca) == "other"


def test_files_that_are_gone_by_a_restart_are_named(box: Sandbox, ca: Authority) -> None:
    box.deploy(box.plan(tls=tls(ca)))
    handle = services.record(box.home, "summing").handle
    assert handle is not None
    os.kill(int(handle.data["pid"]), 9)
    Path(ca.files[0]).unlink()
    with pytest.raises(OperationFailed, match="no certificate at .*tls.crt"):
        services.restart(box.home, "summing").wait(30)


def test_another_service_at_the_address_is_not_taken_for_ours(box: Sandbox, ca: Authority) -> None:
    box.deploy(box.plan(tls=tls(ca)))
    where = services.address(box.home, "summing")
    assert where is not None
    ca.issue("impostor", "other.crt", "other.key")
    strange = replace(where, certificate=str(ca.folder / "other.crt"))
    with pytest.raises(ServiceUnreachable, match="not trusted here"):
        client.score(f"{where.local}/score", BODY, service=strange)
    with pytest.raises(ServiceUnreachable, match="REQUESTS_CA_BUNDLE"):
        client.score(f"{where.local}/score", BODY)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_service_principal_gets_its_tokens_over_tls(
    own: Deployer, ca: Authority, variable: str, tmp_path: Path
) -> None:
    configuration = AksWebservice.deploy_configuration(token_auth_enabled=True)
    configuration.tls = ca.files
    service = own.deployed("principals-tls", configuration)
    issued = own.ws.issue_service_principal(["principals-tls"])
    program = """
import os, requests
from jupyter_mldeploy.core.authentication import ServicePrincipalAuthentication
login = ServicePrincipalAuthentication("", os.environ["ID"], os.environ["SECRET"])
print(requests.post(os.environ["URI"], data=os.environ["BODY"], auth=login, verify=os.environ["CA"]).json())
"""
    given = {"ID": issued.id, "SECRET": issued.secret, "URI": service.scoring_uri, "BODY": BODY, "CA": ca.own}
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), variable: ca.own, **given}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "[3, 7]\n", done.stderr


@pytest.mark.parametrize("kind", [LocalWebservice, AciWebservice, AksWebservice])
def test_tokens_of_an_outside_issuer_open_a_service_of_each_type(own: Deployer, issuer: Issuer, kind: type) -> None:
    issuer.new_key("one")
    configuration = kind.deploy_configuration()  # type: ignore[attr-defined]
    configuration.token_auth_enabled = True
    configuration.oidc = issuer.config
    service = own.deployed("outside", configuration)
    assert (service.auth_enabled, service.token_auth_enabled) == (False, True)
    assert service.run(BODY) == "[3, 7]"
    own_token, _ = service.get_token()
    for token, status in ((issuer.token("one"), 200), (own_token, 200), (issuer.token("one", aud="x"), 401)):
        assert requests.post(service.scoring_uri, BODY, headers=bearer(token), timeout=10).status_code == status


def test_an_outside_issuer_is_taken_up_and_dismissed_while_it_serves(own: Deployer, issuer: Issuer) -> None:
    issuer.new_key("one", "ES256")
    service = own.deployed("taken-up", AciWebservice.deploy_configuration(auth_enabled=True))
    with pytest.raises(WebserviceException, match="Switch token authentication on too"):
        service.update(oidc=issuer.config)
    service.update(auth_enabled=False, token_auth_enabled=True, oidc=issuer.config)
    service.wait_for_deployment()
    uri, headers = service.scoring_uri, bearer(issuer.token("one"))
    assert requests.post(uri, BODY, headers=headers, timeout=10).status_code == 200
    with pytest.raises(WebserviceException, match="Switch token authentication on too"):
        service.update(auth_enabled=True, token_auth_enabled=False)
    service.update(oidc={})
    service.wait_for_deployment()
    assert requests.post(uri, BODY, headers=headers, timeout=10).status_code == 401
    assert service.run(BODY) == "[3, 7]"
