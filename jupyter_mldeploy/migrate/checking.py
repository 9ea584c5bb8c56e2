"""`check`: what of a notebook runs here, what stands in, and what needs a hand, cell by cell."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from .entry_scripts import InService, is_entry_script
from .following import Follower
from .magics import Parts, apart
from .sdk import Verdict
from .sources import Cell, cells_of

RUNS, STANDS_IN, HAND = "runs", "stands in", "needs a hand"
ALIAS = re.compile(r"^\s*(import jupyter_mldeploy\.azureml\b|%(load|reload)_ext jupyter_mldeploy\.azureml\b)", re.M)
SDK_NAME = re.compile(r"\bazureml\b")
INSTALLED = re.compile(r"\b(pip3?|conda|mamba|uv)\b.*\binstall\b.*\bazureml[-\w]*|\bazureml-[-\w]*")
AZURE_SHELL = re.compile(r"^\s*(az|azcopy|docker\s+login)\s")
FIRST_CELL = "Put a first cell before all others: import jupyter_mldeploy.azureml"


@dataclass(frozen=True)
class Finding:
    """One thing to be said: `line` counts in the cell of a notebook, in the file of a script."""

    cell: int
    line: int
    name: str
    verdict: str
    text: str


@dataclass(frozen=True)
class Report:
    """What was found in one file; `cells` are the numbers of its code cells."""

    path: str
    cells: tuple[int, ...]
    findings: tuple[Finding, ...] = ()
    needs_alias: bool = False
    verdicts: dict[int, str] = field(init=False)

    def __post_init__(self) -> None:
        worst = dict.fromkeys(self.cells, RUNS)
        for finding in self.findings:
            if worst[finding.cell] != HAND:
                worst[finding.cell] = finding.verdict
        object.__setattr__(self, "verdicts", worst)

    @property
    def verdict(self) -> str:
        found = self.verdicts.values()
        return next((verdict for verdict in (HAND, STANDS_IN) if verdict in found), RUNS)

    def count(self, verdict: str) -> int:
        return sum(1 for found in self.verdicts.values() if found == verdict)


def check(path: Path) -> Report:
    """Read a notebook or a script and say what of it runs here. Raises `FileMissing`, or `Unreadable`."""
    cells = cells_of(path)
    findings = list[Finding]()
    follower = Follower(_Notes(findings, Cell(1, "")).say)
    for cell in cells:
        notes = _Notes(findings, cell)
        follower.say = notes.say
        _read(cell, follower, notes)
    text = "\n".join(cell.text for cell in cells)
    alone = bool(SDK_NAME.search(text)) and not ALIAS.search(text)
    kept = dict.fromkeys(findings)  # one for each name and line
    return Report(str(path), tuple(cell.number for cell in cells), tuple(kept), needs_alias=alone)


@dataclass
class _Notes:
    """Where the findings of one cell go."""

    findings: list[Finding]
    cell: Cell
    prefix: str = ""

    def say(self, line: int, name: str, verdict: Verdict) -> None:
        kind = HAND if verdict.hand else STANDS_IN
        text = f"{self.prefix}{verdict.text}"
        self.findings.append(Finding(self.cell.number, line + self.cell.first - 1, name, kind, text))


def _read(cell: Cell, follower: Follower, notes: _Notes) -> None:
    parts = apart(cell.text)
    for line, command in [*parts.shell, *parts.magics]:
        if verdict := _of_command(command):
            notes.say(line, command.split()[0], verdict)
    if parts.written:
        _read_script(parts, _Notes(notes.findings, cell, f"in {parts.written}: "))
        return
    if tree := _parsed(parts.python, notes):
        follower.visit(tree)


def _read_script(parts: Parts, notes: _Notes) -> None:
    """A script that a cell writes has names of its own; an entry script those that a service gives it."""
    if tree := _parsed(parts.python, notes):
        (InService if is_entry_script(tree) else Follower)(notes.say).visit(tree)


def _parsed(text: str, notes: _Notes) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python says of escapes in strings is no matter here
            return ast.parse(text)
    except SyntaxError as error:
        notes.say(error.lineno or 1, "syntax", Verdict(f"this is no Python 3: {error.msg}", hand=True))
    except ValueError as error:
        notes.say(1, "syntax", Verdict(f"this cannot be read: {error}", hand=True))
    return None


def _of_command(command: str) -> Verdict | None:
    if not command.strip():
        return None
    if INSTALLED.search(command):
        return Verdict("azureml packages are not installed, a notice says so: what stands here would be hidden", False)
    if AZURE_SHELL.match(command):
        return Verdict("a command for Azure; nothing answers it here", hand=True)
    return None
