"""Looking through and copying files and folders of users."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from jupyter_mldeploy.errors import FileMissing, InvalidInput
from jupyter_mldeploy.registry import copying
from jupyter_mldeploy.registry.content import look_through


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("size", [0, 1, copying.CHUNK, copying.SMALL, copying.SMALL + 1, copying.BLOCK + 7])
@pytest.mark.parametrize("by_kernel", [True, False])
def test_a_copy_is_equal_and_its_digest_is_that_of_the_bytes(
    tmp_path: Path, size: int, by_kernel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not by_kernel:
        monkeypatch.delattr(os, "copy_file_range")
    data = os.urandom(size)
    (tmp_path / "a").write_bytes(data)
    assert copying.copy_file(str(tmp_path / "a"), str(tmp_path / "b")) == sha(data)
    assert (tmp_path / "b").read_bytes() == data


def test_a_file_system_that_cannot_copy_inside_the_kernel_is_copied_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    data = os.urandom(3 << 20)
    (tmp_path / "a").write_bytes(data)
    assert copying.copy_file(str(tmp_path / "a"), str(tmp_path / "b")) == sha(data)


def test_the_digest_of_a_folder_is_that_of_sorted_names_and_digests(model_folder: Path, tmp_path: Path) -> None:
    listing = look_through(model_folder)
    digests = copying.copy(listing, tmp_path / "copy")
    parts = [("config.json", b"{}"), ("weights/a.bin", b"aaa"), ("weights/b.bin", b"bbb")]
    expected = sha("".join(f"{name}\0{sha(data)}\n" for name, data in parts).encode())
    assert copying.digest_of(digests) == expected == copying.digest_of(copying.digests(look_through(tmp_path / "copy")))


def test_empty_folders_and_executable_bits_go_along(model_folder: Path, tmp_path: Path) -> None:
    (model_folder / "empty").mkdir()
    (model_folder / "config.json").chmod(0o755)
    copying.copy(look_through(model_folder), tmp_path / "copy")
    assert (tmp_path / "copy" / "empty").is_dir()
    assert os.access(tmp_path / "copy" / "config.json", os.X_OK)
    assert not os.access(tmp_path / "copy" / "weights" / "a.bin", os.X_OK)


def test_links_inside_become_what_they_point_at(model_folder: Path, tmp_path: Path) -> None:
    (model_folder / "again").symlink_to("weights")
    (model_folder / "c.json").symlink_to(model_folder / "config.json")
    copying.copy(look_through(model_folder), tmp_path / "copy")
    assert (tmp_path / "copy" / "again" / "a.bin").read_bytes() == b"aaa"
    assert not (tmp_path / "copy" / "c.json").is_symlink()
    (tmp_path / "by-link").symlink_to(model_folder)
    assert look_through(tmp_path / "by-link").files.keys() == look_through(model_folder).files.keys()
    (tmp_path / "file-by-link").symlink_to(model_folder / "config.json")
    assert copying.copy(look_through(tmp_path / "file-by-link"), tmp_path / "f") == {"": sha(b"{}")}


@pytest.mark.parametrize("target", ["/etc/passwd", "/etc", "../secret", "../net-of-a-neighbour"])
def test_a_link_that_leads_out_is_refused(model_folder: Path, tmp_path: Path, target: str) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "net-of-a-neighbour").mkdir()
    (model_folder / "weights" / "link").symlink_to(target if target[0] == "/" else tmp_path / target[3:])
    with pytest.raises(InvalidInput, match="link to .*, outside"):
        look_through(model_folder)


def test_a_child_path_through_a_link_that_leads_out_is_refused(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text("secret")
    (model_folder / "out").symlink_to(tmp_path / "secrets")
    with pytest.raises(InvalidInput, match="outside"):
        look_through(model_folder, ["out/key"])


def test_links_in_a_circle_are_refused(model_folder: Path) -> None:
    (model_folder / "weights" / "up").symlink_to(model_folder)
    with pytest.raises(InvalidInput, match="without an end"):
        look_through(model_folder)
    (model_folder / "weights" / "up").unlink()
    (model_folder / "other").mkdir()
    (model_folder / "weights" / "x").symlink_to("../other")
    (model_folder / "other" / "y").symlink_to("../weights")
    with pytest.raises(InvalidInput, match="without an end"):
        look_through(model_folder)


def test_a_link_to_nothing_is_refused(model_folder: Path) -> None:
    (model_folder / "dangling").symlink_to("nothing")
    with pytest.raises(FileMissing, match="nothing, which does not exist"):
        look_through(model_folder)


def test_a_file_swapped_for_a_link_after_the_look_is_not_followed(model_folder: Path, tmp_path: Path) -> None:
    listing = look_through(model_folder)
    (model_folder / "config.json").unlink()
    (model_folder / "config.json").symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="config.json"):
        copying.copy(listing, tmp_path / "copy")
