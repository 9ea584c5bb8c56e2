"""A workspace folder for one test, and the pieces to deploy in it; shared by the tests that run services."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from jupyter_mldeploy import client, services
from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.specs import EnvironmentSpec, ModelRef, Plan, ScriptSpec, Settings

SUM = """
    import json

    def init():
        pass

    def run(raw_data):
        return [sum(row) for row in json.loads(raw_data)["data"]]
"""
VERSION = """
    def init():
        print("init of {0}")

    def run(raw_data):
        return "{0}"
"""


class Sandbox:
    """A home below `folder`, and verbs short enough for tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / "home")
        self.home.path.mkdir()

    def script(self, text: str, name: str = "score.py") -> ScriptSpec:
        path = self.folder / "scripts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return ScriptSpec(str(path))

    def model(self, content: str, name: str = "model", version: int = 1, file: str = "model.txt") -> ModelRef:
        path = self.folder / "registered" / name / str(version) / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return ModelRef(name, version, str(path))

    def plan(self, text: str = SUM, name: str = "summing", **settings: object) -> Plan:
        chosen = replace(Settings(service=name), **settings)  # type: ignore[arg-type]
        return Plan(name, "LOCAL", self.script(text), chosen, environment=EnvironmentSpec())

    def deploy(self, plan: Plan, **options: object) -> services.Operation:
        operation = services.deploy(self.home, plan, **options)  # type: ignore[arg-type]
        operation.wait(timeout=60)
        return operation

    def url(self, name: str = "summing") -> str:
        address = services.address(self.home, name)
        assert address is not None
        return address.local

    def score(self, body: str = '{"data": [[1, 2]]}', name: str = "summing", key: str = "") -> bytes:
        return client.score(f"{self.url(name)}/score", body, key=key, timeout=30).content


@contextmanager
def sandbox(folder: Path) -> Iterator[Sandbox]:
    made = Sandbox(folder)
    try:
        yield made
    finally:
        for name in services.names(made.home):
            services.delete(made.home, name)
