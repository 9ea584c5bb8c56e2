"""A file of requirements without the packages that are left out: a copy beside which the file stays as it is."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

NAME = re.compile(r"[\w.-]+")
NAMED = re.compile(r"(-r|-c|--requirement|--constraint)[ =]\s*(\S+)(.*)")  # a file, found from this one's folder


def without(word: str, unwanted: re.Pattern[str]) -> tuple[str, list[str]]:
    """The path to hand to pip in place of `word`, and the names that are left out there."""
    file = Path(word.strip("\"'")).expanduser()
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return word, []  # pip says what is wrong with it
    dropped = [match[0] for line in lines if unwanted.match(line.strip()) and (match := NAME.match(line.strip()))]
    if not dropped:
        return word, []
    kept = [_found(line.strip(), file.parent) for line in lines if not unwanted.match(line.strip())]
    copy = Path(_folder().name, f"{abs(hash(file.absolute()))}-{file.name}")
    copy.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return f'"{copy}"', dropped


@functools.cache
def _folder() -> TemporaryDirectory[str]:
    """Where copies lie until the process ends."""
    from tempfile import TemporaryDirectory  # late: the alias is to load fast

    return TemporaryDirectory(prefix="mldeploy-pip-")


def _found(line: str, folder: Path) -> str:
    named = NAMED.fullmatch(line)
    return f"{named[1]} {(folder / named[2]).absolute()}{named[3]}" if named else line
