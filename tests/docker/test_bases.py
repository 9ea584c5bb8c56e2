"""What an image is built on: base images, Dockerfiles, build contexts and conda's packages, built and served."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import engine as engines
import pytest
from channel import Channel
from on_engine import KEYS, Containers
from sandbox import VERSION

from jupyter_mldeploy import bundle, environments
from jupyter_mldeploy.errors import TargetUnavailable
from jupyter_mldeploy.specs import EnvironmentSpec
from jupyter_mldeploy.targets.containers import images

pytestmark = pytest.mark.timeout(900)  # the first of them has the engine made
READS = """
    import os, subprocess

    def init():
        global found
        found = [open("/words/one.txt").read(), subprocess.run(["says"], capture_output=True, text=True).stdout]

    def run(raw_data):
        return [*found, os.path.exists("/all/secret.env"), os.path.exists("/all/server-requirements.txt")]
"""
CONTEXT = f"""\
ARG BASE={engines.BASE}
FROM $BASE AS build
COPY . /all
FROM $BASE
COPY --from=build /all /all
COPY words/ \\
     /words/
ADD ["says", "/usr/local/bin/"]
ENTRYPOINT ["/usr/local/bin/says"]
"""
OLD = """#!/bin/sh
case "$2" in
    *libc_ver*) echo '["3.8.18", "glibc"]';;
    *) exec /usr/bin/python3 "$@";;
esac
"""
CONDA = """
    import condalab, packaging, subprocess, sys

    def init():
        pass

    def run(raw_data):
        return [condalab.SAYS, subprocess.run(["ffmpeg"], capture_output=True, text=True).stdout, sys.prefix]
"""


def test_a_build_context_is_built_and_served_from(containers: Containers, tmp_path: Path) -> None:
    place = tmp_path / "context"
    (place / "words").mkdir(parents=True)
    (place / "words/one.txt").write_text("a word")
    (place / "says").write_text("#!/bin/sh\necho something")
    (place / "says").chmod(0o755)
    (place / "secret.env").write_text("not for images")
    (place / ".dockerignore").write_text("*.env\n")
    (place / "image").mkdir()
    (place / "image/Dockerfile").write_text(CONTEXT)
    context = {"location": str(place), "dockerfile_path": "image/Dockerfile"}
    handle = containers.started(containers.bundle(READS, build_context=context))
    assert containers.answer(handle) == ["a word", "something\n", False, False]
    (place / "words/one.txt").write_text("another word")
    handle = containers.target.update(
        handle, containers.bundle(READS, build_context=context), containers.settings(), KEYS
    )
    assert containers.answer(handle) == ["another word", "something\n", False, False]
    assert not containers.client.images.list(images.base_tag(handle.data["image"]))


@pytest.fixture
def old(containers: Containers, tmp_path: Path) -> Iterator[str]:
    """A base image whose python3 says that it is older than the front may be; another Python lies beside it."""
    place, tag = tmp_path / "old", "mldeploy-test-old:1"
    place.mkdir()
    (place / "python3").write_text(f"{OLD}# {uuid4()}, so that nothing of it is in the engine's cache\n")
    (place / "python3").chmod(0o755)
    (place / "Dockerfile").write_text(f"FROM {engines.BASE}\nCOPY python3 /usr/local/bin/\n")
    containers.client.images.build(path=str(place), tag=tag, rm=True)
    yield tag
    containers.client.images.remove(tag, force=True)


def test_a_base_whose_python_is_too_old_for_the_front_has_it_on_another(containers: Containers, old: str) -> None:
    said: list[str] = []
    made = containers.bundle(VERSION.format("one"), base_image=old)
    containers.target.prepare(made, containers.settings(), said.append)
    assert any("uv venv --python '>=3.10,<3.14' /opt/mldeploy/venv" in line for line in said)
    assert containers.answer(containers.started(made)) == "one"


def test_a_python_that_cannot_be_had_is_the_reason(containers: Containers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    spec = EnvironmentSpec(pip=("packaging",))
    lock = environments.lock(spec, containers.box.home, say=str)
    asked = type(lock)(lock.digest, "3.7.1", lock.platform, ("packaging==24.0",))
    made = bundle.build(containers.box.home, containers.box.script(VERSION.format("one")), (), spec, asked)
    monkeypatch.setenv("MLDEPLOY_BASE_IMAGE", engines.BASE)
    with pytest.raises(TargetUnavailable, match=f"'{engines.BASE}' lacks a Python of the version"):
        containers.target.prepare(made, containers.settings(), str)


def test_a_dockerfile_whose_image_has_no_python_names_its_base(containers: Containers) -> None:
    text = f"FROM {engines.BASE} AS early\nFROM early\nRUN rm /usr/bin/python3*"
    with pytest.raises(TargetUnavailable, match="The base image 'early' has no Python"):
        containers.target.prepare(
            containers.bundle(VERSION.format("one"), base_dockerfile=text), containers.settings(), str
        )


def test_an_image_with_packages_of_its_own_runs_by_its_own_python(containers: Containers) -> None:
    text = f"FROM {engines.BASE}\nRUN echo 'SAYS = 1' > /usr/lib/python3/dist-packages/imagelib.py"
    spec = EnvironmentSpec("ready", user_managed=True, docker={"base_dockerfile": text})
    script = """
        import imagelib, importlib.util, sys

        def init():
            pass

        def run(raw_data):
            return [imagelib.SAYS, sys.version_info[:2], importlib.util.find_spec("msgspec") is None]
    """
    lock = environments.lock(spec, containers.box.home, say=str)
    made = bundle.build(containers.box.home, containers.box.script(script), (), spec, lock)
    assert containers.answer(containers.started(made)) == [1, [3, 11], True]


def test_condas_packages_and_programs_are_in_the_image_without_any_conda(
    containers: Containers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "rattler"))
    channel = Channel(tmp_path / "channel", "3.11.2", "/usr")
    channel.module("condalab", "1.2", says="from conda")
    channel.program("ffmpeg", "a film")
    wanted = ("condalab", "ffmpeg")
    spec = EnvironmentSpec("lab", "3.11", ("packaging",), conda=wanted, channels=(channel.url,))
    lock = environments.lock(spec, containers.box.home, say=str)
    assert lock.conda and lock.requirements
    made = bundle.build(containers.box.home, containers.box.script(CONDA), (), spec, lock)
    handle = containers.started(made)
    assert containers.answer(handle) == ["from conda", "a film\n", "/opt/service/venv"]
    assert containers.shell(handle, "ls /opt/service; ls -d /opt/build 2>&1 | cut -c1-4").split() == [
        "requirements.txt",
        "venv",
        "ls:",
    ]
