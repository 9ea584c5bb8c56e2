"""Which files a snapshot leaves out: the lines of `.amlignore`, else `.gitignore`, by git's rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ALWAYS = (".git/", "__pycache__/", ".ipynb_checkpoints/", "mlruns/")
FILES = (".amlignore", ".gitignore")


@dataclass(frozen=True)
class Rule:
    """One line: a pattern over the path below the source folder."""

    pattern: re.Pattern[str]
    folders_only: bool
    keeps: bool


def rules(source: Path) -> list[Rule]:
    """Those of the first ignore file that exists, after the ones that always hold."""
    file = next((source / name for name in FILES if (source / name).is_file()), None)
    lines = [*ALWAYS, *(file.read_text(encoding="utf-8", errors="replace").splitlines() if file else ())]
    return [rule for line in lines if (rule := _rule(line)) is not None]


def ignored(path: str, is_folder: bool, known: list[Rule]) -> bool:
    """Whether the last rule that fits `path` (with `/`, relative) leaves it out."""
    fitting = [rule for rule in known if (is_folder or not rule.folders_only) and rule.pattern.fullmatch(path)]
    return bool(fitting) and not fitting[-1].keeps


def _rule(line: str) -> Rule | None:
    line = line.rstrip()
    if not line or line.startswith("#"):
        return None
    keeps, line = line.startswith("!"), line.removeprefix("!")
    folders_only, line = line.endswith("/"), line.rstrip("/")
    anchored, line = "/" in line, line.removeprefix("/")
    return Rule(re.compile(("" if anchored else "(?:.*/)?") + _expression(line)), folders_only, keeps)


def _expression(glob: str) -> str:
    parts = re.split(r"(\*\*/|/\*\*$|\*\*|\*|\?|\[[^]]+\])", glob)
    meaning = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meaning.get(part) or (_set(part) if part.startswith("[") else re.escape(part)) for part in parts)


def _set(part: str) -> str:
    inner = part[1:-1].replace("\\", "\\\\")
    return f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
