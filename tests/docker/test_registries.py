"""Packages given to a registry and taken from it again, with the logins of Docker's own store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from deployer import deployer
from on_engine import KEYS, Containers
from parts import Part
from registries import Registry, registry
from sandbox import VERSION

from jupyter_mldeploy.core import Environment, Model, Workspace
from jupyter_mldeploy.core.exceptions import WebserviceException
from jupyter_mldeploy.core.model import InferenceConfig, ModelPackage
from jupyter_mldeploy.errors import TargetUnavailable

pytestmark = pytest.mark.timeout(900)  # the first of them has the engine made


@pytest.fixture
def stored(part: Part, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry over TLS, and nobody logged in."""
    command = part.command("docker-registry", "docker-registry")
    if os.getuid():
        part.missing("a trusted registry", "run as root, so that the engine can be told of its certificate")
    (tmp_path / "registry").mkdir()
    with registry(tmp_path / "registry", command) as made:
        monkeypatch.setenv("DOCKER_CONFIG", str(made.config))
        made.log_out()
        yield made


@pytest.fixture
def package(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelPackage]:
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    with deployer(Workspace("a-subscription", "a-group", "contained"), tmp_path) as own:
        own.inference()
        environment = Environment("small")
        environment.python.conda_dependencies.add_pip_package("packaging")
        config = InferenceConfig("score.py", source_directory=str(own.folder), environment=environment)
        made = Model.package(own.ws, [], config, image_name="mldeploy-test-pushed", image_label="one")
        made.wait_for_creation()
        yield made
    client = docker.DockerClient(engine)
    names = [tag for one in client.images.list() for tag in one.tags if "mldeploy-test-pushed:one" in tag]
    for name in names:
        client.images.remove(name, force=True)
    client.close()


def test_a_package_is_pushed_and_pulled_with_dockers_logins(
    package: ModelPackage, stored: Registry, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WebserviceException, match=f"Log in, then try again: docker login {stored.address}"):
        package.push(f"{stored.address}/team")
    stored.log_in("no password of theirs")
    with pytest.raises(WebserviceException, match="does not let you in"):
        package.push(f"{stored.address}/team")
    stored.log_in()
    package.push(f"https://{stored.address}/team/")
    assert package.location == f"{stored.address}/team/mldeploy-test-pushed:one"
    assert package.get_container_registry().address == stored.address
    assert "digest sha256:" in str(package.get_logs())

    client = docker.DockerClient(engine)
    for name in (package.location, "mldeploy-test-pushed:one"):
        client.images.remove(name)
    stored.log_out()
    with pytest.raises(WebserviceException, match="docker login"):
        package.pull()
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    stored.log_in_by_helper("of-the-test", tmp_path)
    package.pull()
    assert client.images.get(package.location).labels["jupyter-mldeploy.bundle"]
    client.close()


def test_what_stands_in_the_way_of_a_push_is_named(
    package: ModelPackage, stored: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    stored.log_in_by_helper("broken", tmp_path)
    (tmp_path / "docker-credential-broken").write_text("#!/bin/sh\necho the keyring is locked >&2; exit 1\n")
    with pytest.raises(WebserviceException, match="credential helper, which its config.json names, did not work"):
        package.push(stored.address)
    stored.log_in()
    (Path("/etc/docker/certs.d") / stored.address / "ca.crt").unlink()
    with pytest.raises(WebserviceException, match="does not trust the certificate .*certs.d/.*/ca.crt"):
        package.push(stored.address)
    nowhere = f"{stored.address.partition(':')[0]}:1"
    with pytest.raises(WebserviceException, match=f"The registry {nowhere} cannot be reached"):
        package.push(nowhere)
    with pytest.raises(WebserviceException, match="is no registry"):
        package.push("ftp://somewhere")
    assert package.location == "mldeploy-test-pushed:one"


def test_a_base_image_comes_from_a_registry_that_wants_a_login(containers: Containers, stored: Registry) -> None:
    name = f"{stored.address}/bases/python"
    client, made = containers.client, containers.bundle(VERSION.format("one"), base_image=f"{name}:1")
    client.images.get(os.environ["MLDEPLOY_BASE_IMAGE"]).tag(name, "1")
    try:
        client.api.push(name, "1", auth_config={"username": "somebody", "password": "password-of-the-test"})
        client.images.remove(f"{name}:1")
        with pytest.raises(TargetUnavailable, match="wants a login: docker login"):
            containers.target.start(made, containers.settings(), KEYS)
        assert containers.own() == []
        stored.log_in()
        assert containers.answer(containers.started(made)) == "one"
    finally:
        client.images.remove(f"{name}:1", force=True)
