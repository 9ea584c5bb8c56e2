"""Engines that are reached over TLS, start again, or die while they are needed: one of the tests' own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import docker
import engine as engines
import pytest
from authority import authority
from on_engine import KEYS, Containers
from parts import Part
from sandbox import VERSION, sandbox

from jupyter_mldeploy import services
from jupyter_mldeploy.errors import InvalidInput, MLDeployError, ServiceUnreachable, TargetUnavailable
from jupyter_mldeploy.specs import EnvironmentSpec, Plan, Settings
from jupyter_mldeploy.targets.containers import engine as engines_of
from jupyter_mldeploy.targets.containers import images, wishes
from jupyter_mldeploy.targets.docker import DockerTarget

# The first of them has the engines made; all of them share one.
pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("own engine")]
PLAIN = VERSION.format("one")
SLOW = "import time\ndef init(): ...\ndef run(raw_data): time.sleep(20)"
SLOW_START = "import time\ndef init(): time.sleep(20)\ndef run(raw_data): return 1"
BRIDGE, NETWORK = f"mldeploy{os.getpid()}", f"172.31.{os.getpid() % 200 + 20}.1/24"  # each test process has its own


class Own(NamedTuple):
    daemon: engines.Daemon
    address: str
    certificates: Path

    def again(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.daemon.end(how)
        self.daemon.start()


@pytest.fixture(scope="module")
def daemon(_engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    """A daemon that takes calls by TCP from those with a certificate, on a bridge of its own."""
    folder = tmp_path_factory.mktemp("own")
    ca = authority(folder)
    ca.issue("client", "cert.pem", "key.pem")
    shutil.copyfile(ca.own, folder / "ca.pem")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    secured = ("-H", address, "--tlsverify", f"--tlscacert={ca.own}", f"--tlscert={ca.files[0]}")
    apart = (f"--bridge={BRIDGE}", "--iptables=false", "--ip-masq=false")  # the other engine has rules, too
    for command in (f"link add {BRIDGE} type bridge", f"addr add {NETWORK} dev {BRIDGE}", f"link set {BRIDGE} up"):
        subprocess.run(["ip", *command.split()], check=True)
    try:
        with engines.daemon(folder / "data", *secured, f"--tlskey={ca.files[1]}", *apart) as made:
            yield Own(made, address, folder)
    finally:
        subprocess.run(["ip", "link", "delete", BRIDGE], check=True)


@pytest.fixture
def own(part: Part, engine: str, request: pytest.FixtureRequest) -> Own:
    part.command("ip", "iproute2")
    made: Own = request.getfixturevalue("daemon")
    return made


@pytest.fixture
def there(own: Own, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Containers]:
    """A workspace whose services run on the daemon, over TLS; their image comes from the engine that built it."""
    with sandbox(tmp_path) as box:
        made = Containers(box, own.daemon.host)
        tag = images.prepared(docker.DockerClient(engine), made.bundle(PLAIN), wishes.read({}), str)
        if not made.client.images.list(tag):
            _carry(engine, own.daemon.host, tag)
        monkeypatch.setenv("DOCKER_HOST", own.address)
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        monkeypatch.setenv("DOCKER_CERT_PATH", str(own.certificates))
        yield made
        for left in list(made.target.found()):
            made.target.stop(left)
        made.client.close()


def _carry(engine: str, to: str, tag: str) -> None:
    save = subprocess.Popen(["docker", "-H", engine, "save", engines.BASE, tag], stdout=subprocess.PIPE)
    subprocess.run(["docker", "-H", to, "load"], check=True, stdin=save.stdout, capture_output=True)
    assert save.wait(10) == 0


def test_an_engine_behind_certificates_is_used_like_any_other(
    there: Containers, own: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = there.started(there.bundle(PLAIN))
    assert there.answer(handle) == "one" and there.target.address(handle).local.startswith("http://127.0.0.1:")
    handle = there.target.update(handle, there.bundle(VERSION.format("two")), there.settings(), KEYS)
    there.target.control(handle, {"v": 1, "op": "keys", "keys": ["another-key", "one-more-key"]})
    assert there.answer(handle, "another-key") == "two"
    everywhere = there.settings(docker={"publish": "0.0.0.0"})
    handle = there.target.update(handle, there.bundle(PLAIN), everywhere, KEYS)
    ports = [port for one in there.client.containers.list() for port in one.ports.get("5001/tcp") or ()]
    assert {port["HostIp"] for port in ports} >= {"0.0.0.0"} and there.answer(handle) == "one"

    other = authority(tmp_path)
    with monkeypatch.context() as without:
        without.setenv("DOCKER_CERT_PATH", str(tmp_path))
        with pytest.raises(TargetUnavailable, match="DOCKER_CERT_PATH"):
            there.target.check(there.settings())
        other.issue("somebody", "cert.pem", "key.pem")
        shutil.copyfile(own.certificates / "ca.pem", tmp_path / "ca.pem")
        with pytest.raises(TargetUnavailable, match=f"{own.address}.*DOCKER_CERT_PATH"):
            there.target.check(there.settings())
        for name in ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
            without.delenv(name)
        with pytest.raises(TargetUnavailable, match=f"{own.address}.*DOCKER_CERT_PATH"):
            there.target.check(there.settings())


def test_what_another_machine_publishes_at_its_loopback_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.invalid:2376")
    with sandbox(tmp_path) as box:
        with pytest.raises(InvalidInput, match=r"runs on engine.invalid, .*'publish': '0.0.0.0'"):
            DockerTarget(box.home).check(Settings("summing", target="docker"))
        with pytest.raises(TargetUnavailable, match="engine.invalid"):
            DockerTarget(box.home).check(Settings("summing", target="docker", docker={"publish": "0.0.0.0"}))
        with pytest.raises(InvalidInput, match="IP address"):
            DockerTarget(box.home).check(Settings("summing", target="docker", docker={"publish": "everywhere"}))


def test_a_service_is_back_at_its_address_after_a_restart_of_the_engine(there: Containers, own: Own) -> None:
    handle = there.started(there.bundle(PLAIN))
    handle = there.target.update(handle, there.bundle(VERSION.format("two")), there.settings(), KEYS)
    there.target.control(handle, {"v": 1, "op": "keys", "keys": ["another-key", "one-more-key"]})
    there.target.control(handle, {"v": 1, "op": "wait", "seconds": 1})
    before = there.target.address(handle)
    for how in (signal.SIGTERM, signal.SIGKILL):
        own.again(how)
        there.until(handle, "Healthy")
        assert there.target.address(handle) == before
        assert there.answer(handle, "another-key") == "two"
    assert list(there.target.found()) == [handle]


def test_an_engine_that_dies_during_a_request_is_named_and_the_service_is_back(there: Containers, own: Own) -> None:
    handle = there.started(there.bundle(SLOW))
    there.target.control(handle, {"v": 1, "op": "wait", "seconds": 1})
    raised: list[BaseException] = []

    def ask() -> None:
        try:
            there.answer(handle)
        except MLDeployError as error:
            raised.append(error)

    asking = Thread(target=ask)
    asking.start()
    time.sleep(0.5)
    own.daemon.end(signal.SIGKILL)
    asking.join(30)
    state = there.target.state(handle)
    own.daemon.start()
    assert [type(error) for error in raised] == [ServiceUnreachable]
    assert state.phase == "Unhealthy" and "No Docker engine answers" in state.reason
    there.until(handle, "Healthy")


def test_an_engine_that_dies_during_a_deployment_is_its_reason_and_nothing_is_left(there: Containers, own: Own) -> None:
    box = there.box
    spec = EnvironmentSpec(pip=("packaging",))
    plan = Plan("summing", "LOCAL", box.script(SLOW_START), there.settings(), environment=spec)
    operation = services.deploy(box.home, plan)
    deadline = time.monotonic() + 60
    while not there.own():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(0.5)
    own.daemon.end(signal.SIGKILL)
    with pytest.raises(MLDeployError, match="No Docker engine answers"):
        operation.wait(timeout=60)
    own.daemon.start()
    again = replace(plan, script=box.script(PLAIN))
    services.deploy(box.home, again, overwrite=True).wait(timeout=60)
    assert box.score(key=services.keys(box.home, "summing")[0]) == b'"one"'
    services.delete(box.home, "summing")
    assert there.own() == []


def test_a_context_of_dockers_tools_is_used(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text("{}")
    environment = {**os.environ, "DOCKER_CONFIG": str(tmp_path)}
    environment.pop("DOCKER_HOST")
    create = ["docker", "context", "create", "of-the-test", "--docker", f"host={engine}"]
    subprocess.run(create, check=True, env=environment, capture_output=True)
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONTEXT", "of-the-test")
    assert engines_of.where() == engine and engines_of.connect().ping()
