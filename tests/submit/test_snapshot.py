"""What a snapshot holds: the source folder without what its ignore file names, and never the workspace itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mldeploy.core._submission import snapshot
from jupyter_mldeploy.core._submission.ignoring import ignored, rules
from jupyter_mldeploy.core.exceptions import SnapshotException

FILES = ("train.py", "data/big.csv", "data/small.txt", "deep/data/x.csv", "keep.csv", "a b.txt", "build/out.o")


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    for name in (*FILES, ".git/config", "pkg/__pycache__/m.pyc", "home/config.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_a_snapshot_is_the_folder_without_caches_and_the_workspace(source: Path, tmp_path: Path) -> None:
    snapshot.take(source, tmp_path / "taken", source / "home")
    assert names(tmp_path / "taken") == sorted(FILES)


def test_amlignore_stands_before_gitignore(source: Path, tmp_path: Path) -> None:
    (source / ".gitignore").write_text("train.py\n")
    (source / ".amlignore").write_text("# big things\n*.csv\n!keep.csv\n/build/\n")
    snapshot.take(source, tmp_path / "taken", source / "home")
    assert names(tmp_path / "taken") == [
        ".amlignore",
        ".gitignore",
        "a b.txt",
        "data/small.txt",
        "keep.csv",
        "train.py",
    ]


def test_a_folder_that_is_too_large_names_its_largest_files(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "LIMIT", 40)
    with pytest.raises(SnapshotException, match=r"deep/data/x\.csv.*\.amlignore"):
        snapshot.take(source, tmp_path / "taken", source / "home")
    assert not (tmp_path / "taken").exists()


def test_only_what_a_run_wrote_is_its_output(source: Path, tmp_path: Path) -> None:
    (source / "outputs").mkdir()
    (source / "outputs/old.txt").write_text("from another run")
    for copy in ("snapshot", "work"):
        snapshot.take(source, tmp_path / copy, source / "home")
    (tmp_path / "work/outputs/new.txt").write_text("n")
    assert [*snapshot.written(tmp_path / "work", tmp_path / "snapshot", "outputs")] == ["outputs/new.txt"]


LINES = st.lists(
    st.sampled_from(
        ["*.csv", "data/", "/data", "data/*.csv", "**/x.csv", "deep/**", "!keep.csv", "a?b.txt", "[ab]*.txt", "big.*"]
    ),
    max_size=4,
)


@settings(max_examples=25, deadline=None)
@given(LINES)
def test_files_are_ignored_as_git_ignores_them(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / ".gitignore").write_text("\n".join(lines))
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    asked = subprocess.run(["git", "-C", folder, "check-ignore", *FILES], capture_output=True, text=True, check=False)
    known = rules(folder)

    def left_out(name: str) -> bool:
        parts = name.split("/")
        above = ("/".join(parts[:n]) for n in range(1, len(parts)))
        return any(ignored(folder, True, known) for folder in above) or ignored(name, False, known)

    assert [name for name in FILES if left_out(name)] == asked.stdout.splitlines()
