"""A small conda channel in a folder: packages written on the spot, indexed by rattler as conda-index does."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import rattler

VERSION = "{}.{}.{}".format(*sys.version_info[:3])


class Channel:
    """`python` in it is this test's own interpreter, or another one that lies in the folder `prefix`: a link and a
    `pyvenv.cfg` instead of a hundred megabytes."""

    def __init__(self, folder: Path, version: str = VERSION, prefix: str = sys.base_prefix) -> None:
        self.folder = folder
        self.subdir = str(rattler.Subdir.current())
        home = f"home = {prefix}/bin\ninclude-system-site-packages = false\nversion = {version}\n"
        link = {"bin/python": f"{prefix}/bin/python{'.'.join(version.split('.')[:2])}"}
        self.package("python", version, {"pyvenv.cfg": home}, links=link)

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    def module(self, name: str, version: str = "1.0", says: str = "", needs: tuple[str, ...] = ()) -> Path:
        """A pure Python package with the module `name`, which holds `SAYS`."""
        info = f"site-packages/{name}-{version}.dist-info"
        files = {
            f"site-packages/{name}.py": f"SAYS = {says!r}\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        }
        return self.package(name, version, files, needs=("python >=3.8", *needs), noarch="python")

    def program(self, name: str, says: str) -> Path:
        return self.package(name, "1.0", {f"bin/{name}": f"#!/bin/sh\necho {says}\n"})

    def package(
        self,
        name: str,
        version: str,
        files: Mapping[str, str],
        needs: tuple[str, ...] = (),
        noarch: str = "",
        links: Mapping[str, str] | None = None,
    ) -> Path:
        subdir = "noarch" if noarch else self.subdir
        index = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": needs, "subdir": subdir}
        paths = [
            *({"_path": path, "path_type": "hardlink", **_summed(text)} for path, text in files.items()),
            *({"_path": path, "path_type": "softlink", **_summed("")} for path in links or ()),
        ]
        inside = {
            "info/index.json": json.dumps({**index, "noarch": noarch} if noarch else index),
            "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
            "info/files": "".join(f"{path['_path']}\n" for path in paths),
            **files,
        }
        target = self.folder / subdir / f"{name}-{version}-0.tar.bz2"
        _write(target, inside, links or {})
        asyncio.run(rattler.index.index_fs(self.folder))
        return target


def _summed(text: str) -> dict[str, object]:
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "size_in_bytes": len(text.encode())}


def _write(target: Path, files: Mapping[str, str], links: Mapping[str, str]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(target, "w:bz2") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(text.encode()), 0o755 if path.startswith("bin/") else 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
        for path, where in links.items():
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname = tarfile.SYMTYPE, where
            archive.addfile(entry)
