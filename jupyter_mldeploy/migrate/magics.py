"""What IPython adds to Python in a cell: magics and shell lines, found and blanked out, so that the rest parses."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePath

LINE = re.compile(r"^(?P<indent>\s*)(?P<assigned>[\w.,\[\] ]+=\s*)?(?P<mark>%(?!%)|!!?)(?P<rest>.*)$")
HELP = re.compile(r"^\s*\??\??[\w.]+\?{1,2}\s*$|^\s*\?{1,2}[\w.]+\s*$")
SHELLS = ("bash", "sh", "cmd", "system", "script", "sx", "!")
PYTHON_CELLS = ("time", "timeit", "capture", "prun", "local")  # cell magics whose cell is Python of the notebook
FILES = ("writefile", "file", "entry_script")


@dataclass(frozen=True)
class Parts:
    """A cell taken apart. `python` has as many lines as the cell; `shell` are (line, command)."""

    python: str
    shell: tuple[tuple[int, str], ...] = ()
    magics: tuple[tuple[int, str], ...] = ()
    written: str = ""  # the file that the cell writes, in which case `python` is the file's content


def apart(text: str) -> Parts:
    """Take a cell's text apart."""
    lines = text.split("\n")
    head = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[head].startswith("%%"):
        return _cell_magic(lines, head)
    return _line_magics(lines)


def _cell_magic(lines: list[str], head: int) -> Parts:
    words = _words(lines[head][2:])
    name, body = words[0] if words else "", ["" for _ in lines[: head + 1]] + lines[head + 1 :]
    if name in FILES:
        file = next((word for word in words[1:] if not word.startswith("-")), "")
        return Parts("\n".join(body) if PurePath(file).suffix == ".py" else "", written=file or "a file")
    if name in SHELLS:
        return Parts("", shell=tuple((number, line) for number, line in enumerate(lines, 1) if number > head + 1))
    if name in PYTHON_CELLS:
        return _line_magics(body)
    return Parts("", magics=((head + 1, lines[head][2:]),))


def _line_magics(lines: list[str]) -> Parts:
    shell, magics, python = list[tuple[int, str]](), list[tuple[int, str]](), list[str]()
    going_on = False  # a shell line that ends in a backslash
    for number, line in enumerate(lines, 1):
        found = LINE.match(line)
        if going_on:
            python.append("")
            shell[-1] = (shell[-1][0], shell[-1][1] + " " + line.strip().rstrip("\\"))
            going_on = line.endswith("\\")
        elif found:
            python.append(_instead(found))
            kept = shell if found["mark"] != "%" else magics
            kept.append((number, found["rest"].strip().rstrip("\\")))
            going_on = kept is shell and line.endswith("\\")
        else:
            python.append("" if HELP.match(line) else line)
    return Parts("\n".join(python), tuple(shell), tuple(magics))


def _instead(found: re.Match[str]) -> str:
    """A statement of the same depth that does nothing, so that a block which holds only a magic is one."""
    return f"{found['indent']}{found['assigned']}None" if found["assigned"] else f"{found['indent']}pass"


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
