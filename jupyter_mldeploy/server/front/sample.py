"""The bodies on which a script shows, before anything is joined, that joined rows get the answers of single ones.

Given by a file, or else recorded: the example of the script's own schema, and the first different bodies that were
answered well. Until that is full, only what it holds is joined; what is new goes alone, is recorded, and then checked.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

BODIES = 8  # that fill a recorded sample …
BYTES = 262_144  # … or so many altogether
NAME = "sample"  # of the file that keeps a recorded one
REPEATS = 2  # times that recorded bodies came again, from which on it is worth while to check those


class SampleInvalid(Exception):
    """A given sample that cannot be used; the text says why, as the end of a sentence with "because"."""


class Sample:
    """Bodies in their order. `checked` when the script has shown that it can be joined on all of them."""

    def __init__(self, bodies: Iterable[bytes] = (), given: bool = False) -> None:
        self.bodies: dict[bytes, None] = dict.fromkeys(bodies)
        self.given = given
        self.checked = False
        self._bytes = sum(map(len, self.bodies))
        self._repeats = REPEATS if self.bodies else 0

    @property
    def full(self) -> bool:
        """Whether nothing more is recorded."""
        return self.given or len(self.bodies) >= BODIES or self._bytes >= BYTES

    @property
    def due(self) -> bool:
        """Whether there is something to check that is worth it."""
        return not self.checked and bool(self.bodies) and (self.full or self._repeats >= REPEATS)

    def covers(self, body: bytes) -> bool:
        """Whether a request with this body may be joined."""
        return self.checked and (self.full or body in self.bodies)

    def record(self, body: bytes) -> None:
        """Note a body that was answered well."""
        if body in self.bodies:
            self._repeats += 1
        else:
            self.bodies[body] = None
            self._bytes += len(body)
            self._repeats, self.checked = 0, False

    def save(self, path: str) -> None:
        """Keep what was recorded, for the owner only; a disk that is full costs a restart its sample, no more."""
        with suppress(OSError):
            descriptor = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(self.texts(), file)
            os.replace(f"{path}.new", path)

    def texts(self) -> list[str]:
        return [body.decode("utf-8", "replace") for body in self.bodies]


def place(folder: str, lane: str) -> str:
    """The file for what was recorded, of each version its own: what one understands, another may not."""
    return os.path.join(folder, f"{NAME}-{lane}.json" if lane else f"{NAME}.json")


def recorded(path: str) -> list[bytes]:
    """What an earlier front recorded; nothing, where the file is not as `save` writes it."""
    try:
        with open(path, encoding="utf-8") as file:
            return [str(text).encode() for text in json.load(file)[:BODIES]]
    except (OSError, ValueError, TypeError):
        return []


def given(root: str, name: str) -> list[bytes]:
    """The bodies in a file under the app root: one `{"data": rows}`, or a list of them. Raises SampleInvalid."""
    path = os.path.realpath(os.path.join(root, name))
    if os.path.commonpath([path, os.path.realpath(root)]) != os.path.realpath(root):
        raise SampleInvalid(f"the sample {name} lies outside of the app's folder")
    try:
        with open(path, "rb") as file:
            content = json.loads(file.read(BYTES + 1))
    except OSError as error:
        raise SampleInvalid(f"the sample {name} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SampleInvalid(f"the sample {name} is not JSON of at most {BYTES} bytes: {error}") from error
    found = content if isinstance(content, list) else [content]
    if not found or not all(map(fits, found)):
        raise SampleInvalid(f'the sample {name} holds something else than {{"data": [rows]}}, or a list of such bodies')
    if len({json.dumps(row) for body in found for row in body["data"]}) < 2:
        raise SampleInvalid(f"the sample {name} holds but one row, and what joining does shows between different ones")
    return [json.dumps(body).encode() for body in found]


def fits(body: Any) -> bool:
    """Whether decoded JSON is `{"data": [row, …]}`."""
    return isinstance(body, dict) and list(body) == ["data"] and isinstance(body["data"], list) and bool(body["data"])
