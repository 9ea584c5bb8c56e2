"""What an image holds: the same for the same bundle, nothing that built it, and layers that an edit leaves alone."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker
import engine as engines
import pytest
import requests
from deployer import Deployer, deployer

from jupyter_mldeploy.core import Environment, Model, Workspace
from jupyter_mldeploy.core.environment import DockerBuildContext
from jupyter_mldeploy.core.model import InferenceConfig
from jupyter_mldeploy.image import host
from jupyter_mldeploy.specs import Lock

pytestmark = pytest.mark.timeout(900)  # the first of them has the engine made
SCORE = """
    import os
    from azureml.core.model import Model

    def init():
        global text
        text = open(Model.get_model_path("word")).read() + open("/words.txt").read()

    def run(raw_data):
        return text
"""
TOOLS = ("gcc", "cc", "make", "uv", "micromamba", "conda", "git")


@pytest.fixture
def own(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    with deployer(Workspace.create("contents"), tmp_path) as made:
        yield made


class Folder:
    """A package's folder, and the images that plain `docker build` makes of it."""

    def __init__(self, own: Deployer, engine: str) -> None:
        self.own, self.engine, self.client = own, engine, docker.DockerClient(engine)
        self.tags: list[str] = []

    def saved(self, name: str, script: str, environment: Environment) -> Path:
        self.own.inference(script)
        config = InferenceConfig("score.py", source_directory=str(self.own.folder), environment=environment)
        made = Model.package(self.own.ws, [Model(self.own.ws, "word")], config, generate_dockerfile=True)
        made.wait_for_creation()
        made.save(name)
        host.write(Path(name, "build"), Lock("", "3.11", "linux"))  # what a user writes into build/settings
        return Path(name)

    def built(self, folder: Path, *options: str) -> Any:
        tag = f"mldeploy-test-content:{uuid4().hex[:8]}"
        command = ["docker", "-H", self.engine, "build", "--quiet", *options, "-t", tag, str(folder)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        self.tags.append(tag)
        return self.client.images.get(tag)

    def tree(self, image: Any) -> dict[str, tuple[object, ...]]:
        """All that is in an image, but for times."""
        container = self.client.containers.create(image.id, ["true"])
        try:
            with tarfile.open(fileobj=Pieces(container.export()), mode="r|") as archive:
                return {entry.name: described(archive, entry) for entry in archive}
        finally:
            container.remove(v=True)


class Pieces:
    """A stream of pieces as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces, self.rest = pieces, b""

    def read(self, size: int) -> bytes:
        while len(self.rest) < size and (more := next(self.pieces, b"")):
            self.rest += more
        given, self.rest = self.rest[:size], self.rest[size:]
        return given


def described(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> tuple[object, ...]:
    file = archive.extractfile(entry) if entry.isreg() else None
    content = hashlib.sha256(file.read()).hexdigest() if file else ""
    return entry.type, entry.mode, entry.uid, entry.gid, entry.linkname, content


@pytest.fixture
def folder(own: Deployer, engine: str) -> Iterator[Folder]:
    Path("word").write_text("hello ")
    Model.register(own.ws, "word", "word")
    made = Folder(own, engine)
    yield made
    for tag in made.tags:
        made.client.images.remove(tag, force=True)
    made.client.close()


@pytest.fixture
def environment(own: Deployer) -> Environment:
    """One that brings a build context, on an image that is here."""
    place = Path("its context")
    place.mkdir()
    (place / "words.txt").write_text("from the context")
    (place / "Dockerfile").write_text(f"FROM {engines.BASE}\nCOPY . /\n")
    context = DockerBuildContext.from_local_directory(own.ws, str(place))
    made = Environment.from_docker_build_context("with-context", context)
    made.python.user_managed_dependencies = False
    made.python.conda_dependencies.add_pip_package("packaging")
    return made


def answered(client: Any, image: Any) -> object:
    """What the image answers, run as its Dockerfile says and with a root that cannot be written to."""
    run = client.containers.run(
        image.id,
        detach=True,
        read_only=True,
        init=True,
        tmpfs={"/tmp": ""},
        ports={"5001/tcp": ("127.0.0.1", 0)},
    )
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            run.reload()
            with suppress(requests.ConnectionError, KeyError, IndexError):
                asked = requests.post(
                    f"http://127.0.0.1:{run.ports['5001/tcp'][0]['HostPort']}/score", "{}", timeout=10
                )
                if asked.status_code == 200:
                    return asked.json()
            time.sleep(0.1)
        raise AssertionError(run.logs().decode())
    finally:
        run.remove(force=True, v=True)


def test_a_folder_builds_the_same_image_twice_and_an_edit_its_last_layer(
    folder: Folder, environment: Environment
) -> None:
    saved = folder.saved("package", SCORE, environment)
    first, second = folder.built(saved), folder.built(saved, "--no-cache")
    assert answered(folder.client, first) == "hello from the context"
    one, two = folder.tree(first), folder.tree(second)
    assert {name for name in one.keys() | two.keys() if one.get(name) != two.get(name)} == set()
    names = {Path(name).name for name in one if "/bin/" in name}
    assert not names.intersection(TOOLS) and not [
        name for name in one if name.startswith(("opt/build/", "root/.cache"))
    ]
    assert {entry[2] for name, entry in one.items() if name.startswith("var/azureml-app")} == {10001}
    labels = first.labels
    assert labels["jupyter-mldeploy.models"] == "word:1" and len(labels["jupyter-mldeploy.bundle"]) == 32
    assert labels["jupyter-mldeploy.lock"]
    edited = folder.saved("edited", SCORE.replace("return text", "return text + '!'"), environment)
    third = folder.built(edited)
    before, after = second.attrs["RootFS"]["Layers"], third.attrs["RootFS"]["Layers"]
    assert len(before) == len(after) and before[:-1] == after[:-1] and before[-1] != after[-1]
    assert labels["jupyter-mldeploy.bundle"] != third.labels["jupyter-mldeploy.bundle"]
