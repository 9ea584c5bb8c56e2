"""A Dockerfile with a build context of its own inside ours: what it copies lies in a folder of that name here."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import bundle as bundles
from ..errors import FileMissing
from ..specs import Bundle

FOLDER = "context"
_COPYING = re.compile(r"\s*(?P<what>COPY|ADD)\s+(?P<flags>(?:--\S+[\s\\]+)*)(?P<rest>.*)", re.I | re.S)
_HEREDOC = re.compile(r"<<-?([\"']?)(\w+)\1")
_ELSEWHERE = re.compile(r"(?:https?|ftp|git|ssh)://|git@|<<", re.I)


def resolved(bundle: Bundle) -> dict[str, Any]:
    """What the bundle's environment says of its image, with the text of its context's Dockerfile.

    Raises `FileMissing` where the context was no folder of this machine, or has no such Dockerfile.
    """
    docker = dict(bundles.manifest(bundle)["environment"].get("docker", {}))
    context = docker.pop("build_context", None)
    if not context:
        return docker
    if "files" not in context:
        raise FileMissing(
            f"The build context {context['location']!r} is no folder of this machine with files in it. Give one by "
            "DockerBuildContext.from_local_directory(workspace, path)."
        )
    file = Path(bundle.path, bundles.CONTEXT, context["dockerfile_path"])
    if not file.is_file():
        raise FileMissing(f"The build context has no {context['dockerfile_path']!r}. Give its dockerfile_path.")
    return {**docker, "base_dockerfile": inside(file.read_text(encoding="utf-8-sig"))}


def carry(bundle: Bundle, folder: Path) -> None:
    """Lay the files of the bundle's context into the context `folder` of a build."""
    source = Path(bundle.path, bundles.CONTEXT)
    if source.is_dir():
        shutil.copytree(source, folder / FOLDER, copy_function=_copy)


def inside(text: str) -> str:
    """The Dockerfile `text` with what it copies from its context taken from our folder of it."""
    return "\n".join(_moved(instruction) for instruction in _instructions(text))


def _copy(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    Path(target).chmod(Path(source).stat().st_mode | 0o200)  # files of a bundle are read-only


def _instructions(text: str) -> Iterator[str]:
    """Each with the lines that it goes on over, and with its here-documents; comments and blank lines alone."""
    lines = iter(text.splitlines())
    for line in lines:
        whole = [line]
        while _goes_on(whole) and (more := next(lines, None)) is not None:
            whole.append(more)
        for found in [] if line.lstrip().startswith("#") else list(_HEREDOC.finditer("\n".join(whole))):
            while whole[-1].strip() != found[2] and (more := next(lines, None)) is not None:
                whole.append(more)
        yield "\n".join(whole)


def _goes_on(lines: list[str]) -> bool:
    """A comment or a blank line in the middle of an instruction does not end it."""
    if lines[0].lstrip().startswith("#"):
        return False
    last = [line for line in lines if line.strip() and not line.lstrip().startswith("#")][-1:]
    return bool(last) and last[0].rstrip().endswith("\\")


def _moved(instruction: str) -> str:
    found = _COPYING.match(instruction)
    if found is None or "--from=" in found["flags"] or _HEREDOC.search(instruction):
        return instruction
    lines = [line for line in found["rest"].splitlines() if not line.lstrip().startswith("#")]
    rest = " ".join(line.rstrip().removesuffix("\\") for line in lines).strip()
    words, as_json = _words(rest)
    moved = [*(word if _ELSEWHERE.match(word) else _place(word) for word in words[:-1]), *words[-1:]]
    flags = found["flags"].replace("\\", " ").split()
    return " ".join([found["what"], *flags, json.dumps(moved) if as_json else " ".join(moved)])


def _words(rest: str) -> tuple[list[str], bool]:
    """Sources and place of a COPY, and whether they stand there as JSON; as builders do, what is none is plain text."""
    try:
        words = json.loads(rest)
    except ValueError:
        return rest.split(), False
    return (words, True) if isinstance(words, list) else (rest.split(), False)


def _place(source: str) -> str:
    """Nothing reaches out of the folder, as nothing reaches out of a context."""
    return f"{FOLDER}{posixpath.normpath(f'/{source}')}"
