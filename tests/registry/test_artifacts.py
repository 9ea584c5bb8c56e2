"""Artifacts of runs, over the workspace's own store and over a tracking server."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mldeploy.errors import FileMissing, InvalidInput, ModelPathNotFound, NameTaken
from jupyter_mldeploy.registry import Registry
from jupyter_mldeploy.specs import RunInfo


def test_files_bytes_and_folders_go_up_and_come_down(
    registry: Registry, run: RunInfo, model_file: Path, model_folder: Path, tmp_path: Path
) -> None:
    registry.upload(run.id, "outputs/other name.pkl", model_file)
    registry.upload(run.id, "top", b"bytes")
    registry.upload(run.id, "outputs/net", model_folder)
    net = ["outputs/net/config.json", "outputs/net/weights/a.bin", "outputs/net/weights/b.bin"]
    assert registry.artifacts(run.id) == [*net, "outputs/other name.pkl", "top"]
    file = registry.download(run.id, "outputs/other name.pkl", tmp_path / "down" / "x.pkl")
    folder = registry.download(run.id, "outputs/net", tmp_path / "down" / "net")
    assert file.read_bytes() == b"a trained model"
    assert (folder / "weights" / "b.bin").read_bytes() == b"bbb"
    assert registry.download(run.id, "top", file).read_bytes() == b"bytes"


def test_an_artifact_is_never_replaced(registry: Registry, run: RunInfo, model_folder: Path, tmp_path: Path) -> None:
    registry.upload(run.id, "net/weights/a.bin", b"first")
    for source in (b"second", model_folder):
        key = "net" if isinstance(source, Path) else "net/weights/a.bin"
        with pytest.raises(NameTaken, match="'net/weights/a.bin' already"):
            registry.upload(run.id, key, source)
    assert registry.artifacts(run.id) == ["net/weights/a.bin"]
    assert registry.download(run.id, "net/weights/a.bin", tmp_path / "a").read_bytes() == b"first"


@pytest.mark.parametrize(
    "key", ["", ".", "../x", "a/../../x", "/etc/passwd", "a\\..\\b", "a\0b", ".mldeploy/metrics/x"]
)
def test_a_key_that_leaves_the_run_is_refused(local: Registry, key: str, tmp_path: Path) -> None:
    run = local.start_run("0")
    with pytest.raises(InvalidInput):
        local.upload(run.id, key, b"x")
    with pytest.raises(InvalidInput):
        local.download(run.id, key, tmp_path / "x")


def test_a_missing_artifact_is_refused_with_what_the_run_has(registry: Registry, run: RunInfo, tmp_path: Path) -> None:
    registry.upload(run.id, "outputs/model.pkl", b"x")
    with pytest.raises(ModelPathNotFound, match="no artifact 'model.pkl'. It has: outputs/model.pkl."):
        registry.download(run.id, "model.pkl", tmp_path / "x")


def test_a_missing_file_is_refused(local: Registry, tmp_path: Path) -> None:
    run = local.start_run("0")
    with pytest.raises(FileMissing, match="nowhere does not exist"):
        local.upload(run.id, "x", tmp_path / "nowhere")


def test_a_link_that_leads_out_of_a_runs_folder_is_not_followed(local: Registry, tmp_path: Path) -> None:
    run = local.start_run("0")
    local.upload(run.id, "net/a", b"x")
    (tmp_path / "secret").write_text("secret")
    folder = next((tmp_path / "workspace" / "artifacts").rglob("net"))
    (folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidInput, match="outside"):
        local.download(run.id, "net", tmp_path / "down")


def test_uploading_leaves_nothing_aside(local: Registry, tmp_path: Path) -> None:
    run = local.start_run("0")
    local.upload(run.id, "a", b"x")
    files = [path.name for path in (tmp_path / "workspace" / "artifacts").rglob("*") if path.is_file()]
    assert files == ["a"]
