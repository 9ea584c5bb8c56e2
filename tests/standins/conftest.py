"""A workspace for the tests of one worker, and deployments as a notebook makes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from deployer import Deployer, deployer

from jupyter_mldeploy.core import Workspace


@pytest.fixture(scope="session")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One workspace for many tests: use names that no other test uses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLDEPLOY_HOME", str(tmp_path_factory.mktemp("workspaces")))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield Workspace("a-subscription", "a-group", "shared")


@pytest.fixture
def own(ws: Workspace, tmp_path: Path) -> Iterator[Deployer]:
    with deployer(ws, tmp_path) as made:
        yield made
