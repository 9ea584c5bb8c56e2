"""uv's pins for requirement lines, and the forms that uv reads and a lock keeps."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from . import pip_settings, uv
from .pythons import Python


@dataclass(frozen=True)
class Beside:
    """Pins that lines are resolved beside: `limits` hold, and `wishes` are taken where they fit, as uv does with an
    output file that is there."""

    limits: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()


ALONE = Beside()


def compiled(
    lines: Sequence[str],
    python: Python,
    *,
    options: Sequence[str] = (),
    what: str = "",
    beside: Beside = ALONE,
) -> tuple[str, ...]:
    """Exact pins of `lines` and of all that they need on `python`, which may be a version without a path.

    Raises `EnvironmentUnresolvable` with uv's own words.
    """
    runs_on = ("--python", python.path) if python.path else ("--python-version", python.version)
    with tempfile.TemporaryDirectory(prefix="mldeploy-pins-") as folder:
        limits, wishes = _written(folder, "limits", beside.limits), _written(folder, "wishes", beside.wishes)
        output = uv.run(
            [
                *("pip", "compile", "-", *runs_on, "--no-header", "--no-annotate", "--no-strip-extras"),
                *(("--constraints", limits) if beside.limits else ()),
                *(("--output-file", wishes) if beside.wishes else ()),
                *pip_settings.flags(),
            ],
            lines=[*uv_lines(options), *lines],
            extra=pip_settings.for_uv(options),
            what=what,
        )
    pins = [line.strip() for line in output.splitlines()]
    return tuple(sealed(line) for line in pins if line and not line.startswith(("#", "--")))


def _written(folder: str, name: str, lines: Sequence[str]) -> str:
    path = Path(folder, f"{name}.txt")
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def uv_lines(options: Sequence[str]) -> list[str]:
    """The option lines that uv reads from a requirements file."""
    return [line for line in options if not line.startswith(("--pre", "--trusted-host"))]


def sealed(line: str) -> str:
    """A local file is pinned by its content too, so that another wheel of the same name is another lock."""
    url = re.search(r"file://(\S+)$", line)
    path = Path(unquote(url[1])) if url else Path(line)
    if not (url or line.endswith((".whl", ".tar.gz", ".zip"))) or not path.is_file():
        return line
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return f"{line} --hash=sha256:{digest.hexdigest()}"
