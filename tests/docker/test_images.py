"""The image of an environment: what is in it, what is not, and what a build is given of this machine."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import engine as engines
import pytest
from on_engine import Containers
from sandbox import VERSION, Sandbox

from jupyter_mldeploy import bundle, image
from jupyter_mldeploy.errors import FileMissing
from jupyter_mldeploy.image import host
from jupyter_mldeploy.specs import Bundle, EnvironmentSpec, Lock, Settings
from jupyter_mldeploy.targets import target

GOLDEN = Path(__file__).parents[1] / "targets" / "golden" / "docker"
PLAIN = VERSION.format("one")
MOST = 45_000_000  # bytes that our half may take (issue 6)
on_the_engine = pytest.mark.timeout(900)  # the first of them has the engine made


def content(**more: object) -> image.Content:
    lock = Lock("0a1b", "3.11.7", "linux-x86_64", ("packaging==25.0",))
    labels = {"lock": "0a1b"}
    return image.Content(Bundle("", ""), EnvironmentSpec(pip=("packaging",)), lock, {}, labels=labels, **more)  # type: ignore[arg-type]


def fresh() -> str:
    """A base of which nothing is in the engine's cache."""
    return f"FROM {engines.BASE}\nRUN echo {os.urandom(4).hex()}"


def test_the_dockerfile_of_an_environment_is_as_before() -> None:
    """Golden: layers are shared by their text."""
    assert image.dockerfile(content(app=False, mounts=False)) == (GOLDEN / "Dockerfile").read_text()


def test_the_front_is_told_what_lies_in_its_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLDEPLOY_BASE_IMAGE", raising=False)
    box = Sandbox(tmp_path)
    made = bundle.build(box.home, box.script(PLAIN), (), EnvironmentSpec(), content().lock)
    runs_on = target("docker", box.home)
    rendered = runs_on.render(made, Settings("summing", port=8890, auth="key"))
    assert rendered == runs_on.render(made, Settings("summing", port=8890, auth="key"))
    assert rendered["front.json"] == (GOLDEN / "front.json").read_text()


@on_the_engine
def test_an_image_has_two_environments_and_nothing_that_built_them(containers: Containers) -> None:
    said: list[str] = []
    made = containers.bundle(PLAIN, pip=("packaging", "six"))
    containers.target.prepare(made, containers.settings(), said.append)
    assert any(line.startswith("Step ") for line in said) or not said  # or it was there
    handle = containers.started(made)
    seen = containers.client.images.get(handle.data["image"])
    base = containers.client.images.get(engines.BASE)
    assert seen.attrs["Size"] <= base.attrs["Size"] + MOST
    config = seen.attrs["Config"]
    assert config["User"] == "10001:10001" and config["Healthcheck"]["Test"][0] == "CMD"
    assert config["Labels"]["jupyter-mldeploy.python"].startswith("3.")
    assert containers.shell(handle, "ls -d /opt/build /root/.cache 2>&1; ls /opt").splitlines()[-3:] == [
        "mldeploy",
        "secrets",
        "service",
    ]
    assert "No such file" in containers.shell(handle, "ls /opt/build")
    again: list[str] = []
    containers.target.prepare(made, containers.settings(), again.append)
    assert again == []


@on_the_engine
def test_one_more_package_builds_only_its_own_layer(containers: Containers) -> None:
    text, said = fresh(), []
    containers.target.prepare(containers.bundle(PLAIN, base_dockerfile=text), containers.settings(), str)
    more = containers.bundle(PLAIN, pip=("packaging", "idna"), base_dockerfile=text)
    containers.target.prepare(more, containers.settings(), said.append)
    steps = {line.partition(" : ")[2]: after.strip() for line, after in pairwise(said) if line.startswith("Step ")}
    cached = [line for line, after in steps.items() if after == "---> Using cache"]
    assert any("server-requirements.txt" in line and "RUN" in line for line in cached)
    assert f"COPY --from=mldeploy-build {image.SERVER} {image.SERVER}" in cached
    assert f"COPY --from=mldeploy-build {image.SERVICE} {image.SERVICE}" not in cached


@on_the_engine
def test_passwords_and_certificates_of_this_machine_are_in_no_image(
    containers: Containers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_INDEX_COMPANY_PASSWORD", "hunter2-of-the-test")
    made = containers.bundle(PLAIN, base_dockerfile=fresh())
    containers.target.prepare(made, containers.settings(), str)
    handle = containers.started(made)
    saved = b"".join(containers.client.images.get(handle.data["image"]).save())
    assert b"hunter2-of-the-test" not in saved and b"/opt/build/authorities.pem" not in saved
    assert not [one for one in containers.images() if b"hunter2" in containers.known_of(one)]


@on_the_engine
def test_a_wheelhouse_builds_with_the_network_off(containers: Containers, wheelhouse: Path) -> None:
    said: list[str] = []
    wishes = {"wheelhouse": str(wheelhouse)}
    made = containers.bundle(PLAIN, base_dockerfile=fresh())
    containers.target.prepare(made, containers.settings(docker=wishes), said.append)
    assert any("packaging==" in line for line in said)
    assert containers.answer(containers.started(made, docker=wishes)) == "one"


def test_a_wheelhouse_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="pip download"):
        host.write(tmp_path, content().lock, str(tmp_path / "nothing"))


def test_a_build_is_given_certificates_indexes_and_proxy(tmp_path: Path) -> None:
    (tmp_path / "company.pem").write_text("a certificate")
    (tmp_path / "uv").mkdir()
    environ = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_CERT": str(tmp_path / "company.pem"),
        "PIP_INDEX_URL": "https://mirror.example/simple",
        "PIP_EXTRA_INDEX_URL": "file:///here/alone https://more.example/simple",
        "HTTPS_PROXY": "http://user:pass@proxy.example:3128",
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    (tmp_path / "build").mkdir()
    given = host.write(tmp_path / "build", content().lock, environ=environ)
    assert given.arguments["https_proxy"] == given.arguments["HTTPS_PROXY"] == environ["HTTPS_PROXY"]
    assert (tmp_path / "build/authorities.pem").read_text() == "a certificate"
    settings = (tmp_path / "build/settings").read_text()
    assert "export PIP_CERT=/opt/build/authorities.pem\n" in settings
    assert "export UV_DEFAULT_INDEX=https://mirror.example/simple\n" in settings
    assert "export UV_EXTRA_INDEX_URL=https://more.example/simple\n" in settings
    assert "proxy.example" not in settings and "/here/alone" not in settings
    assert not given.secret
