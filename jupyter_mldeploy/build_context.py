"""The folder of a Docker build context: which of its files a build sees, by its `.dockerignore`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

IGNORE = ".dockerignore"


def files(docker: Mapping[str, Any]) -> dict[str, Path]:
    """Name in the context → file, of an environment whose image has a context on this machine; else nothing."""
    context = docker.get("build_context") or {}
    top = Path(str(context.get("location") or ""))
    if not context.get("location") or not top.is_dir():
        return {}
    rules = _rules(top / IGNORE)
    needed = PurePosixPath(context["dockerfile_path"]).as_posix()
    found: dict[str, Path] = {}
    for where, folders, names in os.walk(top):
        folders.sort()
        for path in (Path(where, name) for name in sorted(names)):
            name = path.relative_to(top).as_posix()
            if path.is_file() and (name == needed or not _is_ignored(name, rules)):
                found[name] = path
    return found


def _rules(file: Path) -> list[tuple[bool, re.Pattern[str]]]:
    """(leaves out, what) in their order; the last one that fits decides."""
    lines = file.read_text(encoding="utf-8-sig").splitlines() if file.is_file() else []
    rules = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return [(not rule.startswith("!"), _pattern(rule.removeprefix("!").strip())) for rule in rules]


def _is_ignored(name: str, rules: list[tuple[bool, re.Pattern[str]]]) -> bool:
    """A rule for a folder is one for all that is in it."""
    fitting = [out for out, pattern in rules if pattern.match(name)]
    return bool(fitting) and fitting[-1]


def _pattern(rule: str) -> re.Pattern[str]:
    """Docker's patterns: Go's `filepath.Match` from the top of the context, and `**` for any number of folders."""
    text = ""
    for part in re.findall(r"\*\*/?|\*|\?|\[[^\]]+\]|\\.|.", os.path.normpath(rule).strip("/")):
        if part.startswith("**"):
            text += "(?:.*/)?" if part.endswith("/") else ".*"
        elif part in ("*", "?"):
            text += f"[^/]{part.replace('?', '')}"
        else:
            text += part if part[0] == "[" else re.escape(part[-1])
    return re.compile(f"{text}(?:/.*)?$", re.DOTALL)
