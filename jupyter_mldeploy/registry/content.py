"""What a model's file or folder holds, looked through before any work: no device, and no link that leads out."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import FileMissing, InvalidInput


@dataclass
class Listing:
    """What lies at `top`: relative posix name → real path, and the folders; name "" is `top` itself, a file."""

    top: Path
    files: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    size: int = 0

    @property
    def is_file(self) -> bool:
        return "" in self.files


def look_through(source: Path, child_paths: Sequence[str] | None = None) -> Listing:
    """List a file or folder. Refused before any work: what is missing, a link that leads out, a device or a socket."""
    if not os.path.lexists(source):
        raise FileMissing(f"{source} does not exist. Current folder: {Path.cwd()}.")
    real = os.path.realpath(source)
    look = _Look(Listing(source), real)
    if not Path(real).is_dir():
        if child_paths:
            raise InvalidInput(f"child_paths names parts of a folder, and {source} is a file.")
        look.add(real, "")
    elif child_paths:
        for part in _parts(source, child_paths):
            look.add(look.inside(f"{real}/{part}") if part else real, part)
    else:
        look.add(real, "")
    if not look.listing.files:
        raise InvalidInput(f"The folder {source} holds no file.")
    return look.listing


def _parts(top: Path, child_paths: Sequence[str]) -> Iterator[str]:
    for child in child_paths:
        part = os.path.relpath(os.path.normpath(top / child), top)
        if part == ".." or part.startswith("../"):
            raise InvalidInput(f"child_paths names {child!r}, which lies outside {top}.")
        if not (top / part).exists():
            raise FileMissing(f"child_paths names {child!r}, which does not exist in {top}.")
        yield "" if part == "." else part


class _Look:
    """Walks real paths only, so a folder met again on the way down is a loop of links."""

    def __init__(self, listing: Listing, root: str) -> None:
        self.listing, self._root, self._above = listing, root, list[str]()

    def add(self, path: str, name: str) -> None:
        try:
            found = os.lstat(path)
            if stat.S_ISLNK(found.st_mode):
                path = self.inside(path)
                found = Path(path).stat()
            if stat.S_ISREG(found.st_mode):
                self.listing.size += found.st_size
                self.listing.files[name] = path
            elif stat.S_ISDIR(found.st_mode):
                self._folder(path, name)
            else:
                raise InvalidInput(f"{path} is neither a file nor a folder but a device, pipe or socket. Leave it out.")
        except PermissionError as error:
            raise InvalidInput(f"{path} may not be read by this user: {error.strerror}.") from error

    def _folder(self, path: str, name: str) -> None:
        if path in self._above:
            raise InvalidInput(f"Links below {self._root} lead back to {path}, without an end. Remove one of them.")
        if name:
            self.listing.folders.append(name)
        self._above.append(path)
        prefix = f"{name}/" if name else ""
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    self.listing.size += entry.stat(follow_symlinks=False).st_size
                    self.listing.files[prefix + entry.name] = entry.path
                else:
                    self.add(entry.path, prefix + entry.name)
        self._above.pop()

    def inside(self, link: str) -> str:
        """Where a link leads, as long as that is below the folder being registered."""
        target = os.path.realpath(link)
        if not Path(target).exists():
            raise FileMissing(f"{link} is a link to {target}, which does not exist.")
        if target != self._root and not target.startswith(self._root.rstrip("/") + "/"):
            raise InvalidInput(
                f"{link} is a link to {target}, outside {self._root}. Put a copy there in its place (`cp -rL` makes "
                "one), so that nothing is registered by accident."
            )
        return target
