"""What conda, mamba, micromamba and py-rattler have in common here: they solve, and they install what was solved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..errors import EnvironmentUnresolvable

DEFAULT_CHANNEL = "conda-forge"  # where none is named and the tool has no settings of its own
_UNREACHABLE = re.compile(
    r"dns error|error sending request|Could not resolve host|Could not connect|Connection ?(refused|failed|error)"
    r"|CondaHTTPError|Download error|timed? ?out|Network is unreachable|offline",
    re.IGNORECASE,
)
_SECRET = re.compile(r"(?<=://)[^/\s@]+@|/t/[^/\s]+(?=/)")


class ChannelsUnreachable(EnvironmentUnresolvable):
    """No answer from where the packages come from; the same packages may be had from elsewhere."""


@dataclass(frozen=True)
class Package:
    """One package of a solution; `python` means that Python imports it, so pip must not bring it again."""

    name: str
    version: str
    url: str
    md5: str
    python: bool = False

    @property
    def line(self) -> str:
        """Its line in an explicit list, the format that conda and its like share."""
        return f"{without_secrets(self.url)}#{self.md5}"


class Tool(Protocol):
    """Something that can make conda environments."""

    @property
    def name(self) -> str: ...

    def solve(self, specs: Sequence[str], channels: Sequence[str]) -> tuple[Package, ...]:
        """All packages that `specs` come to here. Raises `EnvironmentUnresolvable`, `ChannelsUnreachable`."""

    def install(self, lines: Sequence[str], prefix: Path) -> None:
        """Make the environment `prefix` of the packages of an explicit list."""


def failure(words: str, tool: str, what: str) -> EnvironmentUnresolvable:
    """`words` of a tool as our error, secrets taken out."""
    said = without_secrets(words.strip())[-4000:]
    if _UNREACHABLE.search(words):
        return ChannelsUnreachable(
            f"{tool} could not {what}.\n{said}\nIts channels could not be reached: check the connection and the proxy."
        )
    return EnvironmentUnresolvable(
        f"{tool} could not {what}.\n{said}\n"
        "Change the versions asked for, or leave them out to take what fits; the specification's channels are searched."
    )


def without_secrets(text: str) -> str:
    return _SECRET.sub("", text)
