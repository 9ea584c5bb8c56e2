"""A workspace and a folder of scripts of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from deployer import Deployer, deployer

from jupyter_mldeploy.core import Workspace


@pytest.fixture(scope="module")
def module_ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLDEPLOY_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield Workspace.create("image-tests")


@pytest.fixture
def own(module_ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    """The current folder is the test's own, as a notebook's."""
    monkeypatch.chdir(tmp_path)
    with deployer(module_ws, tmp_path) as made:
        yield made
