"""From a folder with a Dockerfile to an image, by an engine's own builder; its output as it comes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import DiskFull, MLDeployError, OperationFailed, TargetUnavailable

STAGE = "image"
KEPT = 60  # lines of the output, in the error of a failed build
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# What engines and registries say → what it means here; `{}` is the base image.
CAUSES: tuple[tuple[str, type[MLDeployError], str], ...] = (
    (
        r"no space left on device|disk quota exceeded",
        DiskFull,
        "No room left where the engine keeps its images. Free some: docker system prune, or give the engine more.",
    ),
    (
        r"pull access denied|unauthorized|authentication required|no basic auth|denied: ",
        TargetUnavailable,
        "The base image {} does not exist, or its registry wants a login: docker login REGISTRY, then deploy again.",
    ),
    (
        r"manifest unknown|not found: manifest|repository .* not found",
        TargetUnavailable,
        "Its registry has no base image {}. Choose another by Environment.docker.base_image.",
    ),
    (
        r"no matching manifest|exec format error",
        TargetUnavailable,
        "The base image {} is of another architecture than the engine's machine. Choose one that has its own.",
    ),
    (
        r"dial tcp|no such host|Client\.Timeout|connection refused|TLS handshake|i/o timeout|x509:",
        TargetUnavailable,
        "The registry of the base image {} cannot be reached from the engine. Check its network, proxy and "
        "certificates, or name a base image that the engine has: MLDEPLOY_BASE_IMAGE.",
    ),
)
# The same of what the steps of a build print.
PRINTED: tuple[tuple[str, type[MLDeployError], str], ...] = (
    CAUSES[0],
    (
        r"exec format error",
        TargetUnavailable,
        "The base image {} is of another architecture than the engine's machine. Choose one that has its own.",
    ),
    (
        r"python3: (command )?not found|\"python3\": executable file not found|python3: No such file",
        TargetUnavailable,
        "The base image {} has no Python. Choose one that has python3, such as python:3.12-slim.",
    ),
    (
        r"ensurepip is not\s+available|No module named venv",
        TargetUnavailable,
        "The Python of the base image {} lacks its venv module. On Debian: RUN apt-get install -y python3-venv.",
    ),
    (
        r"python-build-standalone|No interpreter found for",
        TargetUnavailable,
        "The base image {} lacks a Python of the version that the service needs, and none could be downloaded. Choose "
        "a base image that has it, or name a mirror: UV_PYTHON_INSTALL_MIRROR.",
    ),
    (
        r"error sending request|dns error|NewConnectionError|ConnectTimeoutError|CERTIFICATE_VERIFY|tunnel error|"
        r"No matching distribution found for uv",
        TargetUnavailable,
        "On {}: the build does not reach its package index, or that lacks what images need. Check proxy, index and "
        "certificates (PIP_CERT); what listens on this machine's 127.0.0.1 is not reached from a container. Or give a "
        "wheelhouse.",
    ),
)


def build(api: Any, folder: Path, tag: str, given: Mapping[str, Any], say: Callable[[str], None]) -> str:
    """Build the context in `folder` under the name `tag`; returns the image's id. `api` is the SDK's low-level client,
    `given` what more its `build` takes, and `base` for the words of an error.

    Raises `OperationFailed` with the end of the output, `TargetUnavailable` or `DiskFull` where the cause is known.
    """
    more = {name: value for name, value in given.items() if name != "base"}
    for line in _output(api.build(path=str(folder), tag=tag, rm=True, forcerm=True, decode=True, **more), given):
        say(line)
    return str(api.inspect_image(tag)["Id"])


def explained(words: str, base: str, log: str = "") -> MLDeployError:
    """The error that an engine's words stand for."""
    for table, text in ((CAUSES, words), (PRINTED, words + log)):
        for pattern, kind, sentence in table:
            if re.search(pattern, text, re.I):
                last = "\n".join([words.strip(), *log.splitlines()[-10:]])
                return kind(f"{sentence.format(repr(base))}\n{last}".rstrip())
    return OperationFailed(f"The image could not be built: {words.strip()}", stage=STAGE, log=log)


def _output(pieces: Iterator[dict[str, Any]], given: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a build's output; raises what its error stands for."""
    lines: list[str] = []
    rest = ""
    for piece in pieces:
        if "error" in piece:
            log = "\n".join([*lines, rest][-KEPT:])
            raise explained(str(piece["error"]), str(given.get("base", "")), log)
        *whole, rest = (rest + _COLOUR.sub("", str(piece.get("stream", "")))).split("\n")
        lines += whole
        yield from filter(str.strip, whole)
