"""Fixtures: fronts that are gone when the test is over."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .fronts import ECHO, KEYS, Front


@pytest.fixture
def new_front(tmp_path: Path) -> Iterator[Callable[..., Front]]:
    """Makes fronts with the echoing script; `new_front(auth="key", …)` changes the configuration."""
    fronts: list[Front] = []

    def make(**changes: Any) -> Front:
        if changes.get("auth") == "key":
            secrets = tmp_path / "secrets.json"
            secrets.write_text(json.dumps({"keys": KEYS}))
            os.chmod(secrets, 0o600)
            changes["secrets"] = str(secrets)
        fronts.append(Front(tmp_path, **changes).script(ECHO))
        return fronts[-1]

    yield make
    for front in fronts:
        front.stop()


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One front with the echoing script, for tests that leave it as it was."""
    front = Front(tmp_path_factory.mktemp("echo"), aliases=["/api/v1/service/svc"]).script(ECHO).serve()
    yield front
    assert front.stop() == 0
