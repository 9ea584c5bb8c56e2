"""A container's log as lines; of a container that goes, the log is kept in the service's folder."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ...specs import LogLine
from .. import fronts

KEPT = 5  # containers whose log is kept
MOST = 64 << 20  # bytes of it


def lines(container: Any, follow: bool = False) -> Iterator[LogLine]:
    """What the front wrote; what is none of its lines, as it is."""
    with closing(container.logs(stream=True, follow=follow)) as pieces:
        yield from _parsed(_whole(pieces))


def keep(container: Any, folder: Path) -> None:
    """Keep the log of a container that is about to go, where the service still has a folder."""
    if not folder.is_dir():
        return
    place = folder / "logs"
    place.mkdir(exist_ok=True)
    with gzip.open(place / f"{container.name}.jsonl.gz", "wb") as file:
        size = 0
        for piece in container.logs(stream=True, follow=False):
            file.write(piece)
            size += len(piece)
            if size > MOST:
                break
    for old in _files(folder)[:-KEPT]:
        old.unlink()


def kept(folder: Path, container: str = "*") -> Iterator[LogLine]:
    """What was kept of containers that are gone, or of one of them, oldest first."""
    for path in _files(folder, container):
        with gzip.open(path, "rb") as file:
            yield from _parsed(line.rstrip(b"\n") for line in file)


def _files(folder: Path, container: str = "*") -> list[Path]:
    return sorted((folder / "logs").glob(f"{container}.jsonl.gz"), key=lambda path: path.stat().st_mtime)


def _whole(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _parsed(raw: Iterator[bytes]) -> Iterator[LogLine]:
    time = 0.0
    for line in raw:
        if line.startswith(b'{"t":'):
            parsed = fronts.log_line(line)
            time = parsed.time
            yield parsed
        elif line:
            yield LogLine(time, "stderr", line.decode(errors="replace"))
