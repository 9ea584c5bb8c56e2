"""Deployment configurations: every check of v1 (one row each), and what a configuration becomes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_mldeploy.core.exceptions import WebserviceException
from jupyter_mldeploy.core.webservice import AciWebservice, AksWebservice, LocalWebservice
from jupyter_mldeploy.core.webservice.webservice import WebserviceDeploymentConfiguration

aci, aks, local = (
    AciWebservice.deploy_configuration,
    AksWebservice.deploy_configuration,
    LocalWebservice.deploy_configuration,
)
CMK = {"cmk_vault_base_url": "https://vault", "cmk_key_name": "key", "cmk_key_version": "1"}
SCALING = {
    "autoscale_min_replicas": 1,
    "autoscale_max_replicas": 5,
    "autoscale_refresh_seconds": 2,
    "autoscale_target_utilization": 50,
}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cpu_cores": 0}, "cpu_cores is 0: it must be a number above 0"),
        ({"cpu_cores": -1}, "cpu_cores is -1"),
        ({"cpu_cores": "2"}, "cpu_cores is '2'"),
        ({"cpu_cores": float("nan")}, "cpu_cores is nan"),
        ({"memory_gb": 0}, "memory_gb is 0"),
        ({"memory_gb": -0.5}, "memory_gb is -0.5"),
        ({"ssl_enabled": True}, "ssl_cert_pem_file, ssl_key_pem_file, ssl_cname missing"),
        ({"ssl_enabled": True, "ssl_cert_pem_file": "PEM", "ssl_key_pem_file": "PEM"}, "ssl_cname missing"),
        ({"ssl_enabled": True, "ssl_cert_pem_file": "PEM", "ssl_cname": "a.b"}, "ssl_key_pem_file missing"),
        ({"ssl_enabled": True, "ssl_key_pem_file": "PEM", "ssl_cname": "a.b"}, "ssl_cert_pem_file missing"),
        ({"ssl_cert_pem_file": "gone.pem"}, "ssl_cert_pem_file: no file at 'gone.pem'"),
        ({"ssl_key_pem_file": "gone.pem"}, "ssl_key_pem_file: no file at 'gone.pem'"),
        (CMK | {"cmk_vault_base_url": None}, "cmk_vault_base_url missing"),
        (CMK | {"cmk_key_name": None}, "cmk_key_name missing"),
        (CMK | {"cmk_key_version": None}, "cmk_key_version missing"),
        ({"vnet_name": "net"}, "subnet_name missing"),
        ({"subnet_name": "sub"}, "vnet_name missing"),
    ],
)
def test_aci_refuses(given: dict[str, Any], said: str, tmp_path: Path) -> None:
    pem = tmp_path / "a.pem"
    pem.touch()
    values = {name: str(pem) if value == "PEM" else value for name, value in given.items()}
    with pytest.raises(WebserviceException) as raised:
        aci(**values)
    assert said in raised.value.message


def test_aci_says_one_thing_at_a_time() -> None:
    with pytest.raises(WebserviceException) as raised:
        aci(cpu_cores=0, memory_gb=0, vnet_name="net")
    assert raised.value.message.splitlines() == ["cpu_cores is 0: it must be a number above 0."]


@pytest.mark.parametrize("given", [{}, CMK, {"vnet_name": "a", "subnet_name": "b"}, {"cpu_cores": 64.5}, {"tags": {}}])
def test_aci_accepts(given: dict[str, Any]) -> None:
    assert aci(**given)


POSITIVE = [
    "cpu_cores",
    "memory_gb",
    "cpu_cores_limit",
    "memory_gb_limit",
    "scoring_timeout_ms",
    "replica_max_concurrent_requests",
    "max_request_wait_time",
    "num_replicas",
    "period_seconds",
    "initial_delay_seconds",
    "timeout_seconds",
    "success_threshold",
    "failure_threshold",
]


@pytest.mark.parametrize("value", [0, -1, "3"])
@pytest.mark.parametrize("name", POSITIVE)
def test_aks_numbers_must_be_above_zero(name: str, value: Any) -> None:
    with pytest.raises(WebserviceException, match=f"{name} is {value!r}: it must be a number above 0"):
        aks(**{name: value})


@pytest.mark.parametrize("name", SCALING)
def test_aks_scaling_numbers_must_be_above_zero(name: str) -> None:
    with pytest.raises(WebserviceException, match=f"{name} is 0: it must be a number above 0"):
        aks(autoscale_enabled=True, **{name: 0})


@pytest.mark.parametrize("name", SCALING)
@pytest.mark.parametrize("enabled", [None, False])
def test_aks_scaling_numbers_need_autoscaling(name: str, enabled: bool | None) -> None:
    with pytest.raises(WebserviceException, match=f"{name} is 3 and needs autoscale_enabled=True"):
        aks(autoscale_enabled=enabled, num_replicas=None if enabled is None else 1, **{name: 3})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"autoscale_enabled": True, "num_replicas": 2}, "autoscale_enabled and num_replicas exclude each other"),
        ({"autoscale_enabled": False}, "autoscale_enabled=False needs num_replicas"),
        ({"autoscale_enabled": True} | SCALING | {"autoscale_min_replicas": 6}, "min must not exceed max"),
        ({"auth_enabled": True, "token_auth_enabled": True}, "exclude each other"),
        ({"cpu_cores": 2, "cpu_cores_limit": 1}, "cpu_cores_limit is 1, below cpu_cores 2"),
        ({"memory_gb": 2, "memory_gb_limit": 1.5}, "memory_gb_limit is 1.5, below memory_gb 2"),
        ({"gpu_cores": -1}, "gpu_cores is -1: it must be a number of at least 0"),
        ({"namespace": "Upper"}, "namespace is 'Upper'"),
        ({"namespace": "-a"}, "namespace is '-a'"),
        ({"namespace": "a-"}, "namespace is 'a-'"),
        ({"namespace": "a" * 64}, "at most 63"),
        ({"namespace": "a\n"}, "namespace is"),
    ],
)
def test_aks_refuses(given: dict[str, Any], said: str) -> None:
    with pytest.raises(WebserviceException) as raised:
        aks(**given)
    assert said in raised.value.message


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"autoscale_enabled": True} | SCALING,
        {"autoscale_enabled": False, "num_replicas": 2},
        {"num_replicas": 2},
        {"namespace": "a" * 63},
        {"namespace": "7"},
        {"gpu_cores": 0},
        {"cpu_cores": 1, "cpu_cores_limit": 1},
        {"autoscale_enabled": True, "autoscale_target_utilization": 500},
        {"token_auth_enabled": True},
    ],
)
def test_aks_accepts(given: dict[str, Any]) -> None:
    assert aks(**given)


def test_aks_says_everything_at_once_a_line_each() -> None:
    with pytest.raises(WebserviceException) as raised:
        aks(cpu_cores=0, memory_gb=-1, namespace="X", **SCALING)
    lines = raised.value.message.splitlines()
    assert len(lines) == 2 + 4 + 1
    assert [line.split()[0] for line in lines] == ["cpu_cores", "memory_gb", *SCALING, "namespace"]


@pytest.mark.parametrize("port", [-1, 65536, "8080", 1.5, True])
def test_local_refuses_the_port(port: Any) -> None:
    with pytest.raises(WebserviceException, match="port is .*from 1 to 65535"):
        local(port)


@pytest.mark.parametrize(("port", "settled"), [(None, 0), (0, 0), (1, 1), (65535, 65535)])
def test_local_accepts_the_port(port: int | None, settled: int) -> None:
    assert local(port)._settings("name").port == settled


@pytest.mark.parametrize(
    ("configuration", "auth"),
    [
        (local(), "none"),
        (aci(), "none"),
        (aci(auth_enabled=True), "key"),
        (aks(), "key"),
        (aks(auth_enabled=False), "none"),
    ],
)
def test_auth_is_off_by_default_for_local_and_aci_and_on_for_aks(
    configuration: WebserviceDeploymentConfiguration, auth: str
) -> None:
    assert configuration._settings("name").auth == auth


def test_auth_and_workers_may_be_set_for_local() -> None:
    configuration = local()
    configuration.auth_enabled, configuration.workers = True, 2
    assert (configuration._settings("name").auth, configuration._settings("name").workers) == ("key", 2)


def test_the_target_is_told_aci_s_cpu_and_memory() -> None:
    settings = aci(cpu_cores=1.5, memory_gb=2)._settings("name")
    assert (settings.cpu, settings.memory_gb, settings.workers) == (1.5, 2, 1)


@pytest.mark.parametrize(
    ("given", "workers"),
    [({}, 1), ({"num_replicas": 3}, 3), ({"autoscale_enabled": True, "autoscale_min_replicas": 2}, 2)],
)
def test_aks_replicas_are_workers(given: dict[str, Any], workers: int) -> None:
    assert aks(**given)._settings("name").workers == workers


def test_aks_fills_in_the_defaults_of_the_service() -> None:
    settings = aks()._settings("name")
    assert settings.scoring_timeout_ms == 60_000
    assert settings.limits == {
        "autoscale_enabled": True,
        "autoscale_min_replicas": 1,
        "autoscale_max_replicas": min(10, os.cpu_count() or 1),  # as long as nobody asked for more
        "autoscale_refresh_seconds": 1,
        "autoscale_target_utilization": 70,
        "replica_max_concurrent_requests": None,  # no limit here unless given
        "max_request_wait_time": None,
        "period_seconds": 10,
        "initial_delay_seconds": 310,
        "timeout_seconds": 2,
        "success_threshold": 1,
        "failure_threshold": 3,
        "enable_app_insights": False,
        "collect_model_data": False,
    }


def test_aks_takes_the_limit_where_one_is_given() -> None:
    settings = aks(cpu_cores=1, cpu_cores_limit=2, memory_gb=1)._settings("name")
    assert (settings.cpu, settings.memory_gb) == (2, 1)


def test_a_fixed_number_of_replicas_does_not_scale() -> None:
    assert aks(num_replicas=2)._settings("name").limits["autoscale_enabled"] is False


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ({}, None),
        ({"secondary_key": "two"}, None),
        ({"primary_key": "one"}, ("one", "")),
        ({"primary_key": "one", "secondary_key": "two"}, ("one", "two")),
    ],
)
@pytest.mark.parametrize("configure", [aci, aks])
def test_a_second_key_counts_only_beside_a_first(configure: Any, given: Any, keys: Any) -> None:
    assert configure(**given)._keys() == keys


@pytest.mark.parametrize("configure", [aci, aks])
def test_keys_are_never_shown(configure: Any, capsys: pytest.CaptureFixture[str]) -> None:
    configuration = configure(cpu_cores=1, primary_key="sesame-1", secondary_key="sesame-2")
    configuration.print_deploy_configuration()
    shown = capsys.readouterr().out + repr(configuration)
    assert "cpu_cores: 1" in shown
    assert "sesame" not in shown


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(WebserviceException, match="Give an Image"):
        type(aci()).validate_image(object())


def test_how_far_autoscaling_goes() -> None:
    def bound(**given: Any) -> int:
        return int(aks(autoscale_enabled=True, **given)._settings("name").limits["autoscale_max_replicas"])

    assert bound(autoscale_max_replicas=20) == 20
    assert bound() == min(10, os.cpu_count() or 1)
    assert bound(autoscale_min_replicas=7) >= 7


def test_what_has_no_effect_here_is_known() -> None:
    configuration = aci(memory_gb=1, auth_enabled=True, location="north", enable_app_insights=False)
    assert configuration._recorded_only() == ["memory_gb", "location"]


def test_a_value_changed_afterwards_is_checked_before_deploying() -> None:
    configuration = aci()
    configuration.cpu_cores = -1
    with pytest.raises(WebserviceException, match="cpu_cores is -1"):
        configuration.validate_configuration()
