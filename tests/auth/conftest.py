"""Fixtures: fronts with tokens, a workspace, and an outside issuer; all gone when the test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deployer import Deployer, deployer
from sandbox import Sandbox, sandbox

from jupyter_mldeploy.core import Workspace

from ..server.front.fronts import Front
from .parts import Issuer, guarded


@pytest.fixture
def new_front(tmp_path: Path) -> Iterator[Callable[..., Front]]:
    """`new_front(auth="token", …)`: a front named `svc` with keys, a signing secret and one service principal."""
    fronts: list[Front] = []

    def make(**changes: object) -> Front:
        fronts.append(guarded(tmp_path, **changes))
        return fronts[-1]

    yield make
    for front in fronts:
        front.stop()


@pytest.fixture(scope="module")
def tokens_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One front that checks tokens, for tests that leave it as it was."""
    front = guarded(tmp_path_factory.mktemp("tokens"), settings={"failures_free": 10_000, "cors_origins": "http://a.b"})
    yield front.serve()
    assert front.stop() == 0


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(tmp_path) as made:
        yield made


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    ws = Workspace.create("auth-tests")
    folder = tmp_path / "scripts"
    folder.mkdir()
    with deployer(ws, folder) as made:
        yield made


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as made:
        yield made
