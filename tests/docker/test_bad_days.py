"""What can go wrong with an engine, an image or a port: each an error that names the cause and the next step."""

from __future__ import annotations

import io
import json
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from uuid import uuid4

import docker
import engine as engines
import pytest
from on_engine import KEYS, Containers
from parts import Part
from sandbox import VERSION, sandbox

from jupyter_mldeploy.errors import (
    DiskFull,
    InvalidInput,
    MLDeployError,
    NameTaken,
    OperationFailed,
    PortInUse,
    TargetUnavailable,
)
from jupyter_mldeploy.specs import Settings
from jupyter_mldeploy.targets.containers import engine
from jupyter_mldeploy.targets.docker import DockerTarget

pytestmark = pytest.mark.timeout(900)  # the first of them has the engine made
PLAIN = VERSION.format("one")


def refused(containers: Containers, **image: str) -> str:
    """What a deployment on that image is told; nothing is left behind."""
    with pytest.raises(TargetUnavailable) as caught:
        containers.target.start(containers.bundle(PLAIN, **image), containers.settings(), KEYS)
    assert containers.own() == []
    assert not containers.client.containers.list(all=True, filters={"ancestor": image["base_image"]})
    return caught.value.message


@pytest.fixture
def imported(containers: Containers) -> Iterator[str]:
    """An image of one file."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("empty"))
    tag = uuid4().hex[:8]
    containers.client.api.import_image_from_data(content.getvalue(), repository="mldeploy-test-bare", tag=tag)
    yield f"mldeploy-test-bare:{tag}"
    containers.client.images.remove(f"mldeploy-test-bare:{tag}", force=True)


def test_no_engine_is_said_with_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    with sandbox(tmp_path) as box:
        with pytest.raises(TargetUnavailable, match=r"nothing.sock.*DOCKER_HOST.*'process'"):
            DockerTarget(box.home).check(Settings("summing", target="docker"))


def test_a_base_image_without_python(containers: Containers, imported: str) -> None:
    assert f"'{imported}' has no Python" in refused(containers, base_image=imported)


def test_a_base_image_of_another_architecture(containers: Containers, imported: str) -> None:
    saved = io.BytesIO(b"".join(containers.client.images.get(imported).save(named=True)))
    changed = io.BytesIO()
    with tarfile.open(fileobj=saved) as old, tarfile.open(fileobj=changed, mode="w") as new:
        for entry in old.getmembers():
            file = old.extractfile(entry)
            content = file.read() if file else b""
            if entry.name.endswith(".json") and b'"architecture"' in content:
                content = json.dumps({**json.loads(content), "architecture": "s390x"}).encode()
            entry.size = len(content)
            new.addfile(entry, io.BytesIO(content) if entry.isfile() else None)
    containers.client.images.load(changed.getvalue())
    assert "is for s390x, and the engine's machine is" in refused(containers, base_image=imported)


def test_a_base_image_on_musl_is_refused_by_name(containers: Containers) -> None:
    """Its python3 says what Alpine's does."""
    place = "/usr/local/bin/python3"
    says = f"""RUN printf '#!/bin/sh\\necho "[\\\\"3.12.1\\\\", \\\\"\\\\"]"' > {place} && chmod 755 {place}"""
    text = f"FROM {engines.BASE}\n{says}\n"
    containers.client.images.build(fileobj=io.BytesIO(text.encode()), tag="mldeploy-test-musl:1", rm=True)
    try:
        assert "musl" in refused(containers, base_image="mldeploy-test-musl:1")
    finally:
        containers.client.images.remove("mldeploy-test-musl:1", force=True)


def test_a_registry_that_cannot_be_reached(containers: Containers) -> None:
    said = refused(containers, base_image="registry.invalid:5000/base:1")
    assert "'registry.invalid:5000/base:1' cannot be reached" in said and "MLDEPLOY_BASE_IMAGE" in said


def test_a_package_that_cannot_be_had_is_the_end_of_the_builds_output(containers: Containers) -> None:
    with pytest.raises(OperationFailed) as caught:
        containers.target.prepare(
            containers.bundle(PLAIN, base_dockerfile=f"FROM {engines.BASE}\nRUN echo so far; exit 3"),
            containers.settings(),
            str,
        )
    assert caught.value.stage == "image" and "so far" in caught.value.log


def test_a_port_that_another_program_takes(containers: Containers) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        made, asked = containers.bundle(PLAIN), containers.settings(port=port)
        for call in (lambda: containers.target.check(asked), lambda: containers.target.start(made, asked, KEYS)):
            with pytest.raises(PortInUse, match="[Cc]hoose another"):
                call()
    assert containers.own() == []


def test_a_container_of_somebody_else_with_the_name(containers: Containers) -> None:
    handle = containers.started(containers.bundle(PLAIN))
    api = containers.client.api
    with pytest.raises(MLDeployError, match="has a container of that name"):
        with engine.translated("make a container"):
            api.create_container(handle.data["image"], name=handle.data["container"])


def test_a_name_that_another_workspace_has_too(containers: Containers, tmp_path: Path) -> None:
    handle = containers.started(containers.bundle(PLAIN))
    (tmp_path / "other").mkdir()
    with sandbox(tmp_path / "other") as box:
        other = Containers(box, containers.host)
        theirs = other.started(other.bundle(VERSION.format("two")))
        assert (containers.answer(handle), other.answer(theirs)) == ("one", "two")
        shutil.copyfile(containers.box.home.path / "engine-id", box.home.path / "engine-id")  # as in a copied folder
        with pytest.raises(
            NameTaken, match=f"workspace at {containers.box.home.path}, .* rm {box.home.path}/engine-id"
        ):
            other.target.start(other.bundle(PLAIN), other.settings(), KEYS)
        (box.home.path / "engine-id").unlink()
        other.target.stop(theirs)
        other.client.close()
    assert containers.answer(handle) == "one" and list(containers.target.found()) == [handle]


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"gpu": 1}, "no setting 'gpu'. It has: base_image"),
        ({"gpus": "all"}, "gpus is 'all'"),
        ({"restart": "sometimes"}, "restart is 'sometimes'"),
        ({"mounts": {"/data": "data"}}, "full path"),
        ({"mounts": {"/data": "/opt/service"}}, "where the service itself lies"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_before_work(wish: dict[str, object], why: str, tmp_path: Path) -> None:
    with sandbox(tmp_path) as box, pytest.raises(InvalidInput, match=why):
        DockerTarget(box.home).check(Settings("summing", target="docker", docker=wish))


def test_a_gpu_that_the_engine_does_not_have(containers: Containers) -> None:
    with pytest.raises(TargetUnavailable, match="no GPUs to give"):
        containers.target.start(containers.bundle(PLAIN), containers.settings(docker={"gpus": 1}), KEYS)


@pytest.fixture
def doomed(part: Part, tmp_path: Path, containers: Containers) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """An engine with 500 MB of room and a network of its own, whose process a test may end."""
    place = tmp_path / "doomed"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=500m", "mldeploy-test", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        part.missing("a small file system", "run as root, so that a tmpfs can be mounted")
    try:
        with engines.dockerd(place, "unshare", "--net") as (host, process):
            subprocess.run(["docker", "-H", host, "import", str(engines.base_tar()), engines.BASE], check=True)
            yield host, process
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_an_engine_with_a_full_disk_and_one_that_dies(
    doomed: tuple[str, subprocess.Popen[bytes]], containers: Containers, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, process = doomed
    with monkeypatch.context() as patched:
        patched.setenv("DOCKER_HOST", host)
        full = containers.bundle(PLAIN, base_dockerfile=f"FROM {engines.BASE}\nRUN head -c 600M /dev/zero > /big")
        with pytest.raises(DiskFull, match="docker system prune"):
            containers.target.prepare(full, containers.settings(), str)
        slow = containers.bundle(PLAIN, base_dockerfile=f"FROM {engines.BASE}\nRUN sleep 60")
        Thread(target=lambda: (time.sleep(3), process.kill())).start()
        with pytest.raises(TargetUnavailable, match="No Docker engine answers"):
            containers.target.prepare(slow, containers.settings(), str)
        with pytest.raises(TargetUnavailable):
            containers.target.check(containers.settings())
    assert docker.DockerClient(containers.host).ping()
