"""A magic's line: split into words, with $names and {expressions} of the notebook put in, then parsed.

Errors are our own class: IPython's UsageError reaches papermill without its text.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from ...errors import MLDeployError

Evaluate = Callable[[str], Any]

# A notebook's {expression}, braces once inside it, or its $name.
FILLED = r"\{(?P<expression>(?:[^{}]|\{[^{}]*\})+)\}|\$(?P<name>[^\W\d]\w*)"
IN_TEXT = re.compile(FILLED)
# Nothing is put in between single quotes.
IN_LINE = re.compile(
    rf"(?P<space>\s+)|'(?P<single>[^']*)'|\"(?P<double>(?:\\.|[^\"\\])*)\"|{FILLED}|\\(?P<escaped>.)|(?P<plain>.)",
    re.DOTALL,
)


class MagicError(MLDeployError):
    """A magic that was called in a way that cannot work."""


class HelpShown(Exception):
    """Parsing ended because `-h` was given."""


class Word(str):
    """A word of a magic's line; `value` is the object when the word is one $name or {expression} and nothing else."""

    value: Any

    def __new__(cls, text: str, value: Any) -> Word:
        word = super().__new__(cls, text)
        word.value = value
        return word


class Parser(argparse.ArgumentParser):
    """argparse that raises `MagicError` and `HelpShown` where it would end the process."""

    def __init__(self, magic: str, description: str, example: str) -> None:
        super().__init__(
            prog=magic,
            description=description,
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        raise MagicError(f"{self.prog}: {message}\n{self.format_usage().strip()}\nAll arguments: {self.prog} -h")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise HelpShown


def words(line: str, evaluate: Evaluate) -> list[str]:
    """Split a line at white space outside of quotes and braces; a `Word` where one object makes a whole word."""
    found: list[list[tuple[str, Any]]] = [[]]
    for text, value in _pieces(line, evaluate):
        if text.isspace() and value is None:
            found.append([])
        else:
            found[-1].append((text, value))
    return [_word(pieces) for pieces in found if pieces]


def expand(text: str, evaluate: Evaluate) -> str:
    """Put $names and {expressions} into a text that stays one."""
    return IN_TEXT.sub(lambda match: str(evaluate(match[str(match.lastgroup)])), text)


def value_of(word: str) -> Any:
    """The object that a word stands for, or the word."""
    return getattr(word, "value", word)


def _word(pieces: Sequence[tuple[str, Any]]) -> str:
    if len(pieces) == 1 and not isinstance(pieces[0][1], str):
        return Word(*pieces[0])
    return "".join(str(value) for _, value in pieces)


def _pieces(line: str, evaluate: Evaluate) -> Iterator[tuple[str, Any]]:
    """Each piece as written, with what it stands for; white space between words stands for None."""
    for match in IN_LINE.finditer(line):
        kind = str(match.lastgroup)
        inside = match[kind]
        if kind in ("expression", "name"):
            yield match[0], evaluate(inside)
        elif kind == "double":
            yield match[0], expand(re.sub(r"\\(.)", r"\1", inside), evaluate)
        else:
            yield match[0], None if kind == "space" else inside
