"""A run's files."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from jupyter_mldeploy.core import Run
from jupyter_mldeploy.core.exceptions import (
    AzureMLException,
    NotAvailableException,
    UserErrorException,
    WebserviceException,
)


@pytest.fixture
def files(run: Run, here: Path) -> Run:
    """A run with three files, in an empty current folder."""
    for name in ("outputs/a.txt", "outputs/deep/b.txt", "logs/c.txt"):
        run.upload_file(name, io.BytesIO(name.encode()))
    return run


def test_files_streams_and_texts_are_uploaded_under_their_key(run: Run, here: Path) -> None:
    Path("m.pkl").write_bytes(b"model")
    run.upload_file(name="outputs/m.pkl", path_or_stream="./m.pkl")
    run.upload_file("outputs/bytes", io.BytesIO(b"b"))
    run.upload_file("outputs/text", io.StringIO("ä"))
    assert run.get_file_names() == ["outputs/bytes", "outputs/m.pkl", "outputs/text"]
    run.download_file("outputs/text")
    assert Path("text").read_text() == "ä"


def test_a_key_in_use_is_a_conflict(files: Run) -> None:
    with pytest.raises(WebserviceException, match="already"):
        files.upload_file("outputs/a.txt", io.BytesIO(b"other"))
    files.download_file("outputs/a.txt")
    assert Path("a.txt").read_text() == "outputs/a.txt"


@pytest.mark.parametrize("name", ["../a.txt", "/a.txt", "a/../../b"])
def test_a_key_cannot_leave_the_run(run: Run, name: str) -> None:
    with pytest.raises(UserErrorException):
        run.upload_file(name, io.BytesIO(b"x"))


def test_a_missing_file_or_folder_is_named(run: Run, here: Path) -> None:
    with pytest.raises(UserErrorException, match=r"missing\.txt"):
        run.upload_file("a", "missing.txt")
    with pytest.raises(UserErrorException, match="missing"):
        run.upload_folder("a", "missing")


def test_several_files_are_uploaded_or_none(run: Run, here: Path) -> None:
    Path("a.txt").write_text("a")
    run.upload_files(["x/a", "x/b"], ["a.txt", "a.txt"])
    assert run.get_file_names() == ["x/a", "x/b"]
    with pytest.raises(TypeError, match="2 names for 1 path"):
        run.upload_files(["y/a", "y/b"], ["a.txt"])
    with pytest.raises(UserErrorException, match="missing"):
        run.upload_files(["y/a", "y/b"], ["a.txt", "missing"])
    assert run.get_file_names() == ["x/a", "x/b"]


def test_a_folder_keeps_its_shape(run: Run, here: Path) -> None:
    Path("f/g").mkdir(parents=True)
    Path("f/a.txt").write_text("a")
    Path("f/g/b.txt").write_text("b")
    run.upload_folder("outputs/f", "f")
    assert run.get_file_names() == ["outputs/f/a.txt", "outputs/f/g/b.txt"]


def test_a_datastore_is_refused(run: Run) -> None:
    with pytest.raises(NotAvailableException, match="'blob'"):
        run.upload_file("a", io.BytesIO(b""), "blob")


@pytest.mark.parametrize(
    ("target", "written"), [(None, "a.txt"), ("x.txt", "x.txt"), ("new/x.txt", "new/x.txt"), ("new/", "new/a.txt")]
)
def test_one_file_is_downloaded_where_asked(files: Run, target: str | None, written: str) -> None:
    files.download_file("outputs/a.txt", target)
    assert Path(written).read_text() == "outputs/a.txt"


def test_a_file_that_the_run_lacks_lists_what_it_has(files: Run) -> None:
    with pytest.raises(UserErrorException, match=r"logs/c\.txt, outputs/a\.txt"):
        files.download_file("outputs/z.txt")
    with pytest.raises(UserErrorException, match="logs/c"):
        files.download_files(prefix="z")


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ({}, ["logs/c.txt", "outputs/a.txt", "outputs/deep/b.txt"]),
        ({"prefix": "outputs"}, ["outputs/a.txt", "outputs/deep/b.txt"]),
        ({"prefix": "outputs", "append_prefix": False}, ["a.txt", "deep/b.txt"]),
        ({"prefix": "outputs/a.txt", "append_prefix": False}, ["a.txt"]),
        ({"prefix": "outputs", "output_directory": "to"}, ["to/outputs/a.txt", "to/outputs/deep/b.txt"]),
        ({"prefix": "outputs", "output_paths": ["1", "2"]}, ["1", "2"]),
    ],
    ids=repr,
)
def test_several_files_are_downloaded_where_asked(files: Run, arguments: dict[str, object], written: list[str]) -> None:
    files.download_files(**arguments)  # type: ignore[arg-type]
    assert sorted(str(path) for path in Path().rglob("*") if path.is_file()) == written


def test_output_paths_must_fit_the_files(files: Run) -> None:
    with pytest.raises(UserErrorException, match="1 entries for 2 files"):
        files.download_files("outputs", output_paths=["1"])


def test_log_files_are_shown_and_fetched(files: Run) -> None:
    assert files.get_details()["logFiles"] == {"logs/c.txt": "logs/c.txt"}
    assert files.get_details_with_logs()["logFiles"] == {"logs/c.txt": "logs/c.txt"}  # the file's text is its key
    assert files.get_all_logs("to") == ["to/logs/c.txt"]
    assert Path("to/logs/c.txt").is_file()


def test_a_stream_that_fails_leaves_no_file(run: Run) -> None:
    class Broken:
        def read(self) -> bytes:
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        run.upload_file("outputs/x", Broken())  # type: ignore[arg-type]
    assert run.get_file_names() == []


def test_errors_are_v1s(run: Run) -> None:
    with pytest.raises(AzureMLException):
        run.download_file("nothing")
