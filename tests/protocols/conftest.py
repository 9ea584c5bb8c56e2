"""Fronts with scripts of each kind; one each for all tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..server.front.fronts import KEYS, Front

SCRIPTS = Path(__file__).parent / "scripts"
ALIAS = "/api/v1/service/svc"
NewFront = Callable[..., Front]


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewFront]:
    """The front that serves a script as `svc`, by the script's name and what differs in its configuration."""
    fronts: dict[str, Front] = {}

    def start(script: str, **changes: Any) -> Front:
        name = json.dumps([script, changes])
        if name not in fronts:
            folder = tmp_path_factory.mktemp(script)
            if changes.get("auth") == "key":
                (folder / "secrets.json").touch(0o600)
                (folder / "secrets.json").write_text(json.dumps({"keys": KEYS}))
                changes["secrets"] = str(folder / "secrets.json")
            if orient := changes.pop("orient", ""):
                changes["app"] = Front(folder).application(environment={"ORIENT": orient})
            front = fronts[name] = Front(folder, name="svc", aliases=[ALIAS], **changes)
            front.script((SCRIPTS / f"{script}.py").read_text()).serve()
        return fronts[name]

    yield start
    for front in fronts.values():
        front.stop()


@pytest.fixture
def plain(started: NewFront) -> Front:
    return started("plain")


@pytest.fixture
def keyed(started: NewFront) -> Front:
    return started("plain", auth="key")
