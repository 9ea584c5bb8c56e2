"""What a deployment configuration may say beside v1's parameters: server settings, certificate, outside issuer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from deployer import ECHO, Deployer, deployer

from jupyter_mldeploy.core import Webservice, Workspace
from jupyter_mldeploy.core.exceptions import WebserviceException
from jupyter_mldeploy.core.webservice import AciWebservice, AksWebservice, LocalWebservice
from jupyter_mldeploy.specs import Tls

TYPES = [LocalWebservice, AciWebservice, AksWebservice]
EACH = pytest.mark.parametrize("kind", TYPES)
SLOW = """
    import time

    def init():
        pass

    def run(raw_data):
        time.sleep(1.5)
        return "done"
"""


@pytest.fixture
def own(ws: Workspace, tmp_path: Path) -> Iterator[Deployer]:
    with deployer(ws, tmp_path) as made:
        yield made


@EACH
def test_each_type_takes_all_of_them(kind: Any, tmp_path: Path) -> None:
    configuration = kind.deploy_configuration()
    configuration.server = {"request_log": True}
    configuration.tls = (tmp_path / "a.crt", tmp_path / "a.key", "name")
    configuration.oidc = {"issuer": "i"}
    configuration.token_auth_enabled = True
    configuration.validate_configuration()
    settings = configuration._settings("service")
    assert (settings.server, settings.oidc, settings.auth) == ({"request_log": True}, {"issuer": "i"}, "token")
    assert settings.tls == Tls(str(tmp_path / "a.crt"), str(tmp_path / "a.key"), "name")


@EACH
def test_paths_are_meant_from_the_current_folder(kind: Any, here: Path) -> None:
    configuration = kind.deploy_configuration()
    configuration.tls = ("a.crt", "a.key")
    assert configuration._settings("service").tls == Tls(str(here / "a.crt"), str(here / "a.key"))


def test_acis_own_parameters_too(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.crt", "a.key"):
        Path(name).touch()
    given = {"ssl_cert_pem_file": "a.crt", "ssl_key_pem_file": "a.key", "ssl_cname": "a.b"}
    configuration = AciWebservice.deploy_configuration(ssl_enabled=True, **given)
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    assert configuration._settings("service").tls == Tls(str(here / "a.crt"), str(here / "a.key"), "a.b")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"server": ["request_log"]}, "server is .'request_log'.: it must be a mapping"),
        ({"oidc": "https://login.example"}, "oidc is 'https://login.example': it must be a mapping"),
        ({"tls": "server.pem"}, r"tls is 'server.pem': give \(certificate file, key file\)"),
        ({"tls": ("server.pem",)}, "tls is .'server.pem',.: give"),
        ({"tls": (None, "server.key")}, "tls is .None, 'server.key'.: give"),
        ({"auth_enabled": True, "token_auth_enabled": True}, "exclude each other"),
    ],
)
@EACH
def test_the_wrong_kind_of_value_is_refused(kind: Any, given: dict[str, Any], said: str) -> None:
    configuration = kind.deploy_configuration()
    for name, value in given.items():
        setattr(configuration, name, value)
    with pytest.raises(WebserviceException, match=said):
        configuration.validate_configuration()


@EACH
def test_a_setting_that_does_not_exist_is_refused_with_those_that_do(own: Deployer, kind: Any) -> None:
    configuration = kind.deploy_configuration()
    configuration.server = {"request_logs": True}
    with pytest.raises(WebserviceException, match="no setting 'request_logs'. It has: .*request_log, "):
        own.deploy("unknown-setting", configuration)
    assert "unknown-setting" not in [service.name for service in Webservice.list(own.ws)]


def test_they_are_shown_without_secrets(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configuration = LocalWebservice.deploy_configuration()
    configuration.server, configuration.primary_key = {"body_limit": 5}, "sesame"
    configuration.print_deploy_configuration()
    shown = capsys.readouterr().out
    assert "server: {'body_limit': 5}" in shown
    assert "sesame" not in shown


def test_a_local_update_and_a_deployment_over_it_change_them_while_it_serves(own: Deployer) -> None:
    configuration = LocalWebservice.deploy_configuration()
    configuration.server = {"body_limit": 10}
    service = own.deployed("bounded", configuration, ECHO.format("in"))
    uri = service.scoring_uri
    assert requests.post(uri, "x" * 20, timeout=10).status_code == 413
    service.update(inference_config=own.inference(ECHO.format("again")), wait=True)
    assert requests.post(uri, "x" * 20, timeout=10).status_code == 413, "a new script alone keeps them"
    configuration.server = {"body_limit": 30}
    service.update(deployment_config=configuration, wait=True)
    assert requests.post(uri, "x" * 20, timeout=10).json() == "again"
    again = own.deployed("bounded", LocalWebservice.deploy_configuration(), ECHO.format("new"))
    assert (again.scoring_uri, requests.post(uri, "x" * 2000, timeout=10).json()) == (uri, "new")


@pytest.mark.parametrize("kind", [AciWebservice, AksWebservice])
def test_an_update_changes_them_and_others_leave_them(own: Deployer, kind: Any) -> None:
    service = own.deployed("changed", kind.deploy_configuration(auth_enabled=False), ECHO.format("in"))
    service.update(server={"body_limit": 10})
    service.wait_for_deployment()
    service.update(inference_config=own.inference(ECHO.format("in"), "other.py"))
    service.wait_for_deployment()
    assert requests.post(service.scoring_uri, "x" * 20, timeout=10).status_code == 413
    with pytest.raises(WebserviceException, match="body_limit is 'large'"):
        service.update(server={"body_limit": "large"})
    service.update(server={})
    service.wait_for_deployment()
    assert requests.post(service.scoring_uri, "x" * 20, timeout=10).json() == "in"


@pytest.mark.parametrize("limit", [{"replica_max_concurrent_requests": 1}, {"max_request_wait_time": 200}])
def test_aks_holds_its_limits_of_a_replica(own: Deployer, limit: dict[str, int], capsys: Any) -> None:
    service = own.deployed("limited", AksWebservice.deploy_configuration(auth_enabled=False, **limit), SLOW)
    assert "without effect" not in capsys.readouterr().out
    service.run("{}")  # from then on it is known to be slow, and requests wait in the queue
    seen: list[int] = []

    def call() -> None:
        seen.append(requests.post(service.scoring_uri, "{}", timeout=30).status_code)

    callers = [threading.Thread(target=call) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sorted(seen) == [200, 503, 503]
