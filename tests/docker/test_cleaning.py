"""What deleted services and workspaces leave on an engine: found with sizes, shown, removed when somebody says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import docker
import pytest
from on_engine import Containers
from sandbox import VERSION, Sandbox

from jupyter_mldeploy import bundle, environments, services
from jupyter_mldeploy.cards import LeftoverTable
from jupyter_mldeploy.cli import main
from jupyter_mldeploy.core import Workspace
from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.specs import EnvironmentSpec, Leftover, Settings
from jupyter_mldeploy.targets import target

pytestmark = pytest.mark.timeout(900)  # the first of them has the engine made
PLAIN = VERSION.format("one")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "workspaces"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Workspace.create("cleaning")


def own(containers: Containers, found: list[Leftover]) -> list[Leftover]:
    """Those of this test; other tests have theirs on the same engine."""
    mark = (containers.box.home.path / "engine-id").read_text()
    return [one for one in found if mark in one.name or mark in str(one.data)]


def test_a_service_without_a_record_is_offered_with_its_volumes_and_image(containers: Containers) -> None:
    handle = containers.started(containers.bundle(PLAIN, pip=("packaging", "certifi")))  # no other test has that
    (found,) = own(containers, list(services.leftovers(containers.box.home)))
    assert (found.kind, found.name, found.target) == ("service", "summing", "docker")
    everything = list(services.leftovers(containers.box.home))
    (image,) = [one for one in everything if one.name == handle.data["image"]]
    assert image.kind == "image" and image.size > 0
    assert [why for _, why in services.clean(containers.box.home, [image, found])] == ["", ""]
    assert containers.own() == []
    with pytest.raises(docker.errors.ImageNotFound):
        containers.client.images.get(handle.data["image"])
    assert not own(containers, list(services.leftovers(containers.box.home)))


def test_what_another_workspace_has_is_not_offered(containers: Containers, tmp_path: Path) -> None:
    handle = containers.started(containers.bundle(PLAIN, pip=("packaging", "urllib3")))
    (tmp_path / "other").mkdir()
    found = list(services.leftovers(Home(tmp_path / "other")))
    assert not [one for one in found if one.name == handle.data["image"]] and not own(containers, found)


def test_volumes_without_a_container_and_workspaces_that_are_gone(containers: Containers, tmp_path: Path) -> None:
    handle = containers.started(containers.bundle(PLAIN))
    containers.client.containers.get(handle.data["container"]).remove(force=True)
    mark = (containers.box.home.path / "engine-id").read_text()
    other = Home(tmp_path / "another")
    other.path.mkdir()
    assert not [one for one in services.leftovers(other) if mark in one.name + str(one.data)]
    gone = shutil.move(containers.box.home.path, tmp_path / "away")
    try:
        found = [one for one in services.leftovers(other) if mark in one.name + str(one.data)]
        assert found and all(one.size >= 0 for one in found)
        assert [why for _, why in services.clean(other, found)] == [""] * len(found)
    finally:
        shutil.move(gone, containers.box.home.path)
    assert containers.own() == []


def test_the_shell_shows_it_and_removes_nothing_without_a_yes(
    engine: str, workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = Sandbox(tmp_path)
    box.home = workspace._home
    containers = Containers(box, engine)
    handle = containers.started(containers.bundle(PLAIN))
    try:
        assert main(["--workspace", "cleaning", "clean", "--dry-run"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert any(line.startswith("service") and " summing " in line and "was deleted" in line for line in lines)
        assert main(["--workspace", "cleaning", "clean"]) == 1
        assert "Nobody can be asked: add --yes" in capsys.readouterr().err
        assert containers.own()
        workspace.clean(own(containers, list(workspace.leftovers())))
        assert containers.own() == []
    finally:
        containers.target.stop(handle)
        containers.client.close()


def test_the_shell_removes_what_was_left_of_processes(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    box = Sandbox(tmp_path)
    box.home = workspace._home
    made = bundle.build(
        box.home, box.script(PLAIN), (), EnvironmentSpec(), environments.lock(EnvironmentSpec(), box.home)
    )
    runs_on = target("process", box.home)
    box.home.service("summing").mkdir(parents=True)
    handle = runs_on.start(made, Settings("summing"), {})
    try:
        assert main(["--workspace", "cleaning", "clean", "--yes"]) == 0
        assert "Removed service summing" in capsys.readouterr().out
        assert main(["--workspace", "cleaning", "clean", "--yes"]) == 0
        assert capsys.readouterr().out == "Nothing is left over.\n"
    finally:
        runs_on.stop(handle)


def test_leftovers_are_a_table_with_a_sum() -> None:
    assert repr(LeftoverTable()) == "Nothing is left over."
    shown = repr(
        LeftoverTable([Leftover("docker", "image", "a", "b", 1_499_999_999), Leftover("docker", "x", "y", "z")])
    )
    assert shown.splitlines()[-1].strip() == "1.5 GB" and "1.5 GB  b" in shown
