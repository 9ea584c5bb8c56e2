"""Build contexts: which files belong to one, and its Dockerfile inside ours."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sandbox import VERSION, sandbox

from jupyter_mldeploy import build_context, bundle, image
from jupyter_mldeploy.errors import FileMissing
from jupyter_mldeploy.image import contexts
from jupyter_mldeploy.specs import EnvironmentSpec, Lock

LOCK = Lock("0a1b", "3.11.7", "linux-x86_64")


def filled(folder: Path, *names: str, ignore: str = "") -> dict[str, Path]:
    for name in ("Dockerfile", *names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"FROM {name}\n")
    if ignore:
        (folder / ".dockerignore").write_text(ignore)
    return build_context.files({"build_context": {"location": str(folder), "dockerfile_path": "Dockerfile"}})


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("", {"a.txt", "in/a.txt", "in/deep/b.log", "secret.env"}),
        ("# all\n\n*.txt\n", {"in/a.txt", "in/deep/b.log", "secret.env"}),
        ("**/*.txt\nsecret.*", {"in/deep/b.log"}),
        ("in\n!in/deep", {"a.txt", "in/deep/b.log", "secret.env"}),
        ("*\n!secret.env", {"secret.env"}),
        ("/in/*/b.log\n?.txt\n[s]ecret.env", {"in/a.txt"}),
        ("**/deep", {"a.txt", "in/a.txt", "secret.env"}),
    ],
)
def test_a_context_has_what_its_dockerignore_leaves(ignore: str, left: set[str], tmp_path: Path) -> None:
    found = filled(tmp_path, "a.txt", "in/a.txt", "in/deep/b.log", "secret.env", ignore=ignore)
    assert found.keys() - {".dockerignore", "Dockerfile"} == left
    assert "Dockerfile" in found


@pytest.mark.parametrize(
    ("line", "moved"),
    [
        ("COPY . /app", "COPY context/ /app"),
        ("copy a.txt ./b/ /app/", "copy context/a.txt context/b /app/"),
        ('COPY --chown=1:1 ["a b", "c"]', 'COPY --chown=1:1 ["context/a b", "c"]'),
        ("COPY [a-c].txt /app/", "COPY context/[a-c].txt /app/"),
        ("COPY --from=early /x /y", "COPY --from=early /x /y"),
        ("COPY ../../requirements.txt /x", "COPY context/requirements.txt /x"),
        ("ADD https://example.org/x.tar /x", "ADD https://example.org/x.tar /x"),
        ("COPY --chmod=755 \\\n  # why\n  a \\\n  b /x", "COPY --chmod=755 context/a context/b /x"),
        ("RUN echo COPY a b \\\nCOPY a b", "RUN echo COPY a b \\\nCOPY a b"),
        ("RUN <<END\nCOPY a b\nEND\nCOPY a b", "RUN <<END\nCOPY a b\nEND\nCOPY context/a b"),
        ("# COPY a \\\nCOPY a b", "# COPY a \\\nCOPY context/a b"),
        ("COPY <<END /x\nwords\nEND", "COPY <<END /x\nwords\nEND"),
    ],
)
def test_what_a_dockerfile_copies_comes_from_our_folder_of_its_context(line: str, moved: str) -> None:
    assert contexts.inside(f"FROM x\n{line}") == f"FROM x\n{moved}"


def test_a_bundle_carries_the_context_and_is_another_one_when_it_changes(tmp_path: Path) -> None:
    files = filled(tmp_path / "context", "words.txt", "run.sh")
    files["run.sh"].chmod(0o755)
    spec = EnvironmentSpec(
        docker={"build_context": {"location": str(tmp_path / "context"), "dockerfile_path": "Dockerfile"}}
    )
    with sandbox(tmp_path) as box:
        made = bundle.build(box.home, box.script(VERSION.format("one")), (), spec, LOCK)
        moved = shutil.copytree(tmp_path / "context", tmp_path / "elsewhere")
        there = EnvironmentSpec(docker={"build_context": {"location": str(moved), "dockerfile_path": "Dockerfile"}})
        assert bundle.build(box.home, box.script(VERSION.format("one")), (), there, LOCK) == made
        assert str(tmp_path / "context") not in Path(made.path, "service.json").read_text()
        (moved / "words.txt").write_text("other words")
        assert bundle.build(box.home, box.script(VERSION.format("one")), (), there, LOCK) != made
        shutil.rmtree(tmp_path / "context")
        docker = image.resolved(made)
        (tmp_path / "image").mkdir()
        image.write_environment(
            image.Content(made, EnvironmentSpec(docker=docker), LOCK, {}, app=False), tmp_path / "image"
        )
    assert docker == {"base_dockerfile": "FROM Dockerfile"}
    assert (tmp_path / "image/context/words.txt").read_text() == "FROM words.txt\n"
    assert (tmp_path / "image/context/run.sh").stat().st_mode & 0o111


def test_a_context_that_is_not_here_or_lacks_its_dockerfile_is_said(tmp_path: Path) -> None:
    filled(tmp_path / "context")
    with sandbox(tmp_path) as box:
        for place, name in (("https://store.example/context", "Dockerfile"), (str(tmp_path / "context"), "Other")):
            spec = EnvironmentSpec(docker={"build_context": {"location": place, "dockerfile_path": name}})
            made = bundle.build(box.home, box.script(VERSION.format("one")), (), spec, LOCK)
            with pytest.raises(FileMissing, match=r"from_local_directory|no 'Other'"):
                image.resolved(made)
