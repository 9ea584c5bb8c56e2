"""Services of v1's names on an engine: chosen when one answers, changed in place, found again, gone without a trace."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import docker
import pytest
import requests
from authority import authority, shown
from deployer import ECHO, SUM, Deployer, deployer
from on_engine import SLEEPS, Callers

from jupyter_mldeploy import services
from jupyter_mldeploy.core import Environment, Model, Webservice, Workspace
from jupyter_mldeploy.core.exceptions import WebserviceException
from jupyter_mldeploy.core.model import InferenceConfig
from jupyter_mldeploy.core.webservice import AciWebservice, AksEndpoint, LocalWebservice
from jupyter_mldeploy.notebook.magics.deploy import PARSER, _of_its_type
from jupyter_mldeploy.targets import preferred

pytestmark = pytest.mark.timeout(900)  # the first of them has the engine made
BODY = json.dumps({"data": [[1, 2], [3, 4]]})
UPDATE = """
    from jupyter_mldeploy.core import Environment, Webservice, Workspace
    from jupyter_mldeploy.core.model import InferenceConfig

    environment = Environment("larger")
    for package in ("packaging", "filelock"):
        environment.python.conda_dependencies.add_pip_package(package)
    service = Webservice(Workspace.get("contained"), "loaded")
    service.update(inference_config=InferenceConfig("score.py", source_directory=".", environment=environment))
    service.wait_for_deployment()
"""
HELD = """
    import os, time

    def init():
        pass

    def run(asked):
        if asked == "hog":
            return len(bytearray(800_000_000))
        if asked == "cores":
            began, busy = time.monotonic(), time.process_time()
            while time.monotonic() < began + 1.5:
                pass
            return (time.process_time() - busy) / (time.monotonic() - began)
        for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
            if os.path.exists(path):
                return int(open(path).read()) // 4096
"""


@pytest.fixture
def own(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    monkeypatch.delenv("MLDEPLOY_TARGET")
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    workspace = Workspace("a-subscription", "a-group", "contained")
    with deployer(workspace, tmp_path) as made:
        yield made
    client = docker.DockerClient(engine)
    place = workspace._home.path / "engine-id"
    mark = place.read_text() if place.exists() else "no container was made"
    assert not [one.name for one in client.containers.list(all=True, ignore_removed=True) if mark in one.name]
    assert not [one.name for one in client.volumes.list() if mark in one.name]
    client.close()


def inference(own: Deployer, text: str = SUM) -> InferenceConfig:
    own.inference(text)
    environment = Environment("small")
    environment.python.conda_dependencies.add_pip_package("packaging")
    return InferenceConfig("score.py", source_directory=str(own.folder), environment=environment)


def shell(own: Deployer, *words: str) -> str:
    """What `jupyter mldeploy` prints."""
    command = [sys.executable, "-m", "jupyter_mldeploy.cli", "--workspace", "contained", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=own.folder)
    return done.stdout


def elsewhere(own: Deployer, text: str) -> None:
    """Run a text in a Python process of its own."""
    subprocess.run([sys.executable, "-c", textwrap.dedent(text)], check=True, cwd=own.folder)


def test_an_engine_that_answers_is_used_and_a_variable_decides_otherwise(
    engine: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert preferred({"DOCKER_HOST": engine}) == "docker"
    assert preferred({"DOCKER_HOST": engine, "MLDEPLOY_TARGET": "process"}) == "process"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    assert preferred({"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}) == "process"


def test_a_local_service_is_a_container(own: Deployer, capsys: pytest.CaptureFixture[str]) -> None:
    service = Model.deploy(own.ws, "summing", [], inference(own), LocalWebservice.deploy_configuration())
    service.wait_for_deployment(show_output=True)
    assert "'summing' runs on this machine, as a container." in capsys.readouterr().out
    assert (service.state, service.run(BODY)) == ("running", "[3, 7]")
    again = Webservice(own.ws, "summing")
    assert isinstance(again, LocalWebservice)
    again.update(inference_config=inference(own, SUM.replace("sum(row)", "max(row)")))
    again.wait_for_deployment()
    assert again.run(BODY) == "[2, 4]"
    assert "init of the summing script" in again.get_logs()
    with pytest.raises(WebserviceException, match="no such thing"):
        again.update(inference_config=inference(own, "def init(): raise KeyError('no such thing')\ndef run(x): ..."))
        again.wait_for_deployment()
    assert Webservice(own.ws, "summing").run(BODY) == "[2, 4]"
    again.delete()


def test_no_request_is_lost_whichever_process_changes_the_service(own: Deployer) -> None:
    service = Model.deploy(
        own.ws, "loaded", [], inference(own, SLEEPS.format("one")), LocalWebservice.deploy_configuration()
    )
    service.wait_for_deployment()
    with Callers(service.scoring_uri, [(0, True)] * 2 + [(0, False)] * 2) as callers:
        inference(own, SLEEPS.format("two"))
        shell(own, "reload", "loaded")
        inference(own, SLEEPS.format("three"))
        elsewhere(own, UPDATE)
    assert {str(answer) for _, answer in callers.seen} == {"one", "two", "three"}


def test_an_aci_service_is_held_to_its_cpu_and_memory(
    own: Deployer, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the engine is told, as the container sees it, and as who wants more of it feels it."""
    asked = AciWebservice.deploy_configuration(cpu_cores=0.7, memory_gb=0.4, auth_enabled=True)
    service = Model.deploy(own.ws, "held", [], inference(own, HELD), asked)
    service.wait_for_deployment()
    assert (service.state, service.run("limit")) == ("Healthy", 400_000_000 // 4096)
    assert 0 < service.run("cores") <= 0.8  # of the machine that other work may keep busy too
    with pytest.raises(WebserviceException, match="answered 500"):
        service.run("hog")
    assert service.run("limit") and service.state == "Healthy"
    assert "memory ran out" in service.get_logs()
    assert "without effect" not in capsys.readouterr().out
    client = docker.DockerClient(engine)
    mine = ["jupyter-mldeploy.service=held", "jupyter-mldeploy.role=front"]
    (found,) = client.containers.list(filters={"label": mine})
    assert found.attrs["HostConfig"]["CpuQuota"] == 70_000 and found.attrs["HostConfig"]["Memory"] == 400_000_000
    first, _ = service.get_keys()
    service.regen_key("Primary")
    assert service.get_keys()[0] != first and service.run("limit")
    client.close()


def test_a_service_has_its_certificate_in_the_container_and_changes_it(own: Deployer, tmp_path: Path) -> None:
    ca = authority(tmp_path)
    ca.issue("first")
    asked = LocalWebservice.deploy_configuration()
    asked.tls = ca.files
    service = Model.deploy(own.ws, "secured", [], inference(own), asked)
    service.wait_for_deployment()
    assert service.scoring_uri.startswith("https://") and service.run(BODY) == "[3, 7]"
    port = urlsplit(service.scoring_uri).port
    assert port and shown(port, ca) == "first"
    ca.issue("second")
    service.update(inference_config=inference(own))
    service.wait_for_deployment()
    assert shown(port, ca) == "second" and service.run(BODY) == "[3, 7]"


def test_versions_of_an_endpoint_share_a_container(own: Deployer) -> None:
    first = AksEndpoint.deploy_configuration(cpu_cores=1, memory_gb=1, version_name="one", traffic_percentile=0)
    first.auth_enabled = False
    service = Model.deploy(own.ws, "several", [], inference(own), first)
    service.wait_for_deployment()
    service.create_version(
        "two", inference_config=inference(own, ECHO.format("two")), models=[], traffic_percentile=100
    )
    service.wait_for_deployment()
    assert service.run(BODY) == "two"
    service.delete_version("two")
    service.wait_for_deployment()
    assert service.run(BODY) == "[3, 7]"


def test_the_magic_says_what_a_local_service_runs_as() -> None:
    for word, kind in (("docker", "docker"), ("process", "process"), ("local", None)):
        assert _of_its_type(PARSER.parse_args(["summing", "--to", word])).target == kind


def test_a_service_moves_from_processes_to_a_container_and_back(own: Deployer) -> None:
    for kind in ("process", "docker", "process"):
        asked = LocalWebservice.deploy_configuration()
        asked.target = kind
        service = Model.deploy(own.ws, "moving", [], inference(own), asked, overwrite=True)
        service.wait_for_deployment()
        assert service.run(BODY) == "[3, 7]"


def test_a_build_that_fails_is_in_the_log_of_the_service(own: Deployer) -> None:
    config = inference(own)
    config.environment.docker.base_dockerfile = "FROM mldeploy-test-base:3.11\nRUN echo what broke it; exit 3"
    service = Model.deploy(own.ws, "broken", [], config, LocalWebservice.deploy_configuration())
    with pytest.raises(WebserviceException, match="what broke it"):
        service.wait_for_deployment()
    assert "image: Step " in service.get_logs() and "what broke it" in service.get_logs()
    assert "what broke it" in shell(own, "logs", "broken")


def test_the_stages_of_a_build_come_as_they_happen(own: Deployer) -> None:
    config = inference(own)
    config.environment.docker.base_dockerfile = f"FROM mldeploy-test-base:3.11\nRUN echo first {time.time()}; sleep 3"
    began = time.monotonic()
    service = Model.deploy(own.ws, "slowly", [], config, LocalWebservice.deploy_configuration())
    while "first" not in service.get_logs():
        assert time.monotonic() < began + 60
        time.sleep(0.05)
    assert "image: Step " in service.get_logs() and service.state != "running"
    service.delete()


def test_the_log_of_a_container_that_died_stays(own: Deployer, engine: str) -> None:
    service = Model.deploy(own.ws, "dying", [], inference(own), LocalWebservice.deploy_configuration())
    service.wait_for_deployment()
    client = docker.DockerClient(engine)
    mine = ["jupyter-mldeploy.service=dying", "jupyter-mldeploy.role=front"]
    (found,) = client.containers.list(filters={"label": mine})
    found.kill()
    found.wait()
    assert "init of the summing script" in service.get_logs()
    assert "init of the summing script" in shell(own, "logs", "dying")
    found.remove()
    service.update_deployment_state()
    assert service.state == "failed" and "init(): done" in service.get_logs()
    again = services.restart(own.ws._home, "dying")
    again.wait(60)
    assert service.run(BODY) == "[3, 7]"
    client.close()


def test_a_package_is_an_image_that_serves_anywhere(own: Deployer, engine: str) -> None:
    Path("word").write_text("hello")
    made = Model.package(own.ws, ["word"], inference(own), image_name="mldeploy-test-package", image_label="one")
    made.wait_for_creation(show_output=True)
    made.pull()
    assert (made.state, made.location) == ("Succeeded", "mldeploy-test-package:one")
    client = docker.DockerClient(engine)
    saved = b"".join(client.images.get("mldeploy-test-package:one").save(named=True))
    client.images.remove("mldeploy-test-package:one", force=True)
    (loaded,) = client.images.load(saved)
    assert loaded.tags == ["mldeploy-test-package:one"] and loaded.labels["jupyter-mldeploy.models"] == "word:1"
    run = client.containers.run(loaded.id, detach=True, read_only=True, init=True, ports={"5001/tcp": ("127.0.0.1", 0)})
    try:
        deadline = time.monotonic() + 30
        answer = None
        while answer is None and time.monotonic() < deadline:
            run.reload()
            with suppress(requests.ConnectionError, KeyError, IndexError):
                port = run.ports["5001/tcp"][0]["HostPort"]
                asked = requests.post(f"http://127.0.0.1:{port}/score", BODY, timeout=10)
                answer = asked.json() if asked.status_code == 200 else None
        assert answer == "[3, 7]", run.logs()
    finally:
        run.remove(force=True)
        client.images.remove(loaded.id, force=True)
        client.close()


def test_a_package_that_cannot_be_built_says_why(own: Deployer) -> None:
    config = inference(own)
    config.environment.docker.base_dockerfile = "FROM mldeploy-test-base:3.11\nRUN echo what broke it; exit 3"
    made = Model.package(own.ws, [], config)
    assert made.state == "Failed" and "what broke it" in str(made.get_logs())
    with pytest.raises(WebserviceException, match="state Failed"):
        made.wait_for_creation()
