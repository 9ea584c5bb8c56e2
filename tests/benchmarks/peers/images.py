"""Images of one model as MLflow and BentoML make them: their own Dockerfiles, on the base that ours is built on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import venvs

PROGRAMS = Path(__file__).parent / "programs"
TITLES = {"mlflow": "mlflow models build-docker", "bentoml": "bentoml containerize"}
WRITERS = {"mlflow": "mlflow_image.py", "bentoml": "bento_image.py"}
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
# What `FROM python:…` would have brought: python and pip on the path, and nobody who manages them.
BASE = """FROM {base}
COPY authorities.pem {authorities}
RUN python3 -m venv /usr/local/python
ENV PATH=/usr/local/python/bin:$PATH SSL_CERT_FILE={authorities} PIP_CERT={authorities} {more}
"""


class Peer:
    """One peer's build of the model in `folder/models`, on the image `base`."""

    def __init__(self, name: str, folder: Path, client: Any, base: str) -> None:
        self.name, self.folder, self.client, self.base = name, folder / name, client, base
        self.tag = f"mldeploy-bench-{name}:1"

    def write(self) -> Path:
        """The folder that the peer would have built."""
        self.folder.mkdir(exist_ok=True)
        place = self.folder / f"context-{time.time_ns()}"
        python = venvs.environment(self.name, venvs.cache()) / "bin/python"
        model = self.folder.parent / "models" / "logistic.joblib"
        command = [str(python), str(PROGRAMS / WRITERS[self.name]), str(model), str(place), *venvs.SHARED]
        done = subprocess.run(command, env=self._environment(), capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise SystemExit(f"{TITLES[self.name]}: {done.stderr[-2000:]}")
        dockerfile = place / "Dockerfile"
        dockerfile.write_text(re.sub(r"^FROM python:\S+", f"FROM {self.base}", dockerfile.read_text(), flags=re.M))
        return place

    def build(self, context: Path, *, cached: bool = True) -> float:
        """Build it; the seconds that this took."""
        began = time.monotonic()
        build(self.client, context, self.tag, cached=cached)
        return time.monotonic() - began

    def size(self) -> int:
        """Bytes of the image beyond the base."""
        images = self.client.images
        return int(images.get(self.tag).attrs["Size"]) - int(images.get(self.base).attrs["Size"])

    def remove(self) -> None:
        self.client.images.remove(self.tag, force=True)

    def _environment(self) -> Mapping[str, str]:
        own = {"BENTOML_HOME": str(self.folder / "home"), "BENTOML_DO_NOT_TRACK": "True"}
        return {**os.environ, **own, "MLFLOW_TRACKING_URI": f"sqlite:///{self.folder}/mlflow.db"}


def base(client: Any, folder: Path, on: str) -> str:
    """An image with python and pip as Python's own has them, on another one."""
    place = folder / "base"
    place.mkdir()
    shutil.copy(AUTHORITIES, place / "authorities.pem")
    kept = [name for name in ("PIP_INDEX_URL", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY") if name in os.environ]
    more = " ".join(f"{name}={os.environ[name]}" for name in kept)
    (place / "Dockerfile").write_text(BASE.format(base=on, authorities=AUTHORITIES, more=more))
    build(client, place, "mldeploy-bench-base:1")
    return "mldeploy-bench-base:1"


def build(client: Any, context: Path, tag: str, *, cached: bool = True) -> None:
    """Build a folder; the end of the output is the reason when it fails."""
    lines: Sequence[str] = []
    for piece in client.api.build(path=str(context), tag=tag, rm=True, forcerm=True, decode=True, nocache=not cached):
        lines = [*lines[-30:], str(piece.get("stream", ""))]
        if "error" in piece:
            raise SystemExit(f"{tag}: {piece['error']}\n{''.join(lines)}")
