"""A workspace on a real engine for each test, and nothing of it left afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import engine as engines
import pytest
from filelock import FileLock
from on_engine import Containers
from sandbox import sandbox

from jupyter_mldeploy.image import pins

sys.path.insert(0, str(Path(__file__).parents[1] / "environments"))  # for its conda channel
sys.path.insert(0, str(Path(__file__).parent))  # importlib mode adds no folder, and `company` is of here


@pytest.fixture
def containers(engine: str, tmp_path: Path) -> Iterator[Containers]:
    with sandbox(tmp_path) as box:
        made = Containers(box, engine)
        yield made
        for left in list(made.target.found()):
            made.target.stop(left)
        made.client.close()


@pytest.fixture(scope="session")
def wheelhouse() -> Path:
    """What the server and a service of one package need, downloaded once a machine."""
    place = engines.CACHE / f"wheelhouse-{sys.version_info[0]}.{sys.version_info[1]}"
    wanted = [f"uv=={version('uv')}", "packaging", *pins.front()]
    with FileLock(f"{place}.lock"):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(place), *wanted]
        subprocess.run(command, check=True, timeout=300)
    return place
