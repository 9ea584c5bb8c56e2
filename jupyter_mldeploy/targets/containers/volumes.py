"""What goes into a service's volumes, as archives: the app of a bundle, the front's configuration, its secrets.

Owner, mode and place of each file are said in the archive, so that nothing has to run in the container for it.
"""

from __future__ import annotations

import json
import os
import tarfile
import time
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from ... import bundle as bundles
from ...image import APP, USER
from ...specs import Bundle, Settings, Tls

SECRETS = PurePosixPath("/opt/secrets")
INBOX = "inbox"  # messages that may hold secrets; whoever takes one removes it
MODELS = "models"  # by digest, so that a new version sends only what is not there
IN_MEMORY = 32 << 20  # bytes of an archive that need no file


class Archive:
    """One archive to be unpacked at the root of a volume."""

    def __init__(self) -> None:
        self.file: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self._tar = tarfile.open(fileobj=self.file, mode="w")  # noqa: SIM115 - as above
        self._folders: set[PurePosixPath] = set()

    def folder(self, place: PurePosixPath, user: int = USER, mode: int = 0o755) -> None:
        """A folder, with those above it."""
        if place in self._folders or place == PurePosixPath("."):
            return
        self.folder(place.parent, user)
        self._folders.add(place)
        self._add(_entry(place, user, mode, tarfile.DIRTYPE))

    def text(self, place: PurePosixPath, text: str, mode: int) -> None:
        """A file of the container's user."""
        self.folder(place.parent)
        content = text.encode()
        entry = _entry(place, USER, mode)
        entry.size = len(content)
        self._add(entry, BytesIO(content))

    def copy(self, place: PurePosixPath, source: Path, user: int = USER) -> None:
        """A file of this machine."""
        self.folder(place.parent, user)
        with source.open("rb") as content:
            entry = _entry(place, user, 0o555 if os.access(source, os.X_OK) else 0o444)
            entry.size = os.fstat(content.fileno()).st_size
            self._add(entry, content)

    def link(self, place: PurePosixPath, target: PurePosixPath) -> None:
        self.folder(place.parent)
        entry = _entry(place, USER, 0o777, tarfile.SYMTYPE)
        entry.linkname = str(target)
        self._add(entry)

    def close(self) -> IO[bytes]:
        """The finished archive, at its beginning."""
        self._tar.close()
        self.file.seek(0)
        return self.file

    def _add(self, entry: tarfile.TarInfo, content: IO[bytes] | None = None) -> None:
        self._tar.addfile(entry, content)


def models(bundle: Bundle) -> list[str]:
    """The digests of the models of a bundle."""
    return sorted({model["digest"] for model in bundles.manifest(bundle)["models"]})


def app(bundle: Bundle, root: str, there: Iterable[str]) -> Archive:
    """The app root of a bundle as folder `root`, without the models whose digests are `there`."""
    made, known = Archive(), set(there)
    source = Path(bundle.path) / "source"
    made.folder(PurePosixPath(root))
    for path in sorted(source.rglob("*")):
        place = PurePosixPath(root, path.relative_to(source).as_posix())
        if path.is_dir():
            made.folder(place)
        else:
            made.copy(place, path)
    for model in bundles.manifest(bundle)["models"]:
        where = PurePosixPath(bundles.MODELS, model["name"], str(model["version"]), model["entry"])
        place = PurePosixPath(MODELS, model["digest"], model["entry"])
        made.link(root / where, APP / place)
        if model["digest"] not in known:
            known.add(model["digest"])
            _model(made, place, Path(bundle.path, where))
    return made


def front(made: Archive, run: str, configuration: Mapping[str, Any], name: str = "front.json") -> None:
    """A front's configuration, in a folder that it can write to."""
    made.folder(PurePosixPath(".run", run), mode=0o700)
    made.folder(PurePosixPath("modeldata"))
    made.text(PurePosixPath(".run", run, name), json.dumps(configuration, indent=2, sort_keys=True), 0o600)


def secrets(content: Mapping[str, Any], tls: Tls | None = None, stamp: str = "") -> Archive:
    """The front's secrets, and its certificate with its key, for the container's user alone."""
    made = Archive()
    made.folder(PurePosixPath(INBOX), mode=0o700)
    made.text(PurePosixPath("secrets.json"), json.dumps(dict(content)), 0o400)
    if tls is not None:
        made.text(PurePosixPath("tls", stamp, "certificate.pem"), Path(tls.certificate).read_text(), 0o400)
        made.text(PurePosixPath("tls", stamp, "key.pem"), Path(tls.key).read_text(), 0o400)
    return made


def message(name: str, content: Mapping[str, Any]) -> Archive:
    """A control message, to be taken by the one who is told its place."""
    made = Archive()
    made.text(PurePosixPath(INBOX, name), json.dumps(dict(content)), 0o400)
    return made


def inside(settings: Settings, stamp: str) -> Tls | None:
    """Where the certificate of the settings lies in the container."""
    if settings.tls is None:
        return None
    place = SECRETS / "tls" / stamp
    return Tls(str(place / "certificate.pem"), str(place / "key.pem"), settings.tls.name)


def first_file(archive: bytes) -> bytes:
    """The content of the one file of an archive. Raises `tarfile.ReadError` where it is cut short."""
    with tarfile.open(fileobj=BytesIO(archive)) as opened:
        member = opened.next()
        if member is None:
            raise tarfile.ReadError("nothing in it")
        file = opened.extractfile(member)
        return file.read() if file else b""


def _model(made: Archive, place: PurePosixPath, source: Path) -> None:
    """A registered file or folder; nobody in the container may change it."""
    if source.is_file():
        made.copy(place, source, user=0)
        return
    made.folder(place, user=0)
    for path in sorted(source.rglob("*")):
        inner = place / path.relative_to(source).as_posix()
        if path.is_dir():
            made.folder(inner, user=0)
        else:
            made.copy(inner, path, user=0)


def _entry(place: PurePosixPath, user: int, mode: int, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(str(place))
    entry.type, entry.mode, entry.uid, entry.gid, entry.mtime = kind, mode, user, user, int(time.time())
    return entry
