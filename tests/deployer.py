"""Deploys as a notebook does, through v1's names, and cleans up; shared by the tests of core's services."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_mldeploy import services
from jupyter_mldeploy.core import Environment, Model, Webservice, Workspace
from jupyter_mldeploy.core.model import InferenceConfig

SUM = """
    import json

    def init():
        print("init of the summing script")

    def run(raw_data):
        return json.dumps([sum(row) for row in json.loads(raw_data)["data"]])
"""
ECHO = """
    def init():
        pass

    def run(raw_data):
        return "{0}"
"""
BROKEN = """
    def init():
        print("about to break")
        raise RuntimeError("no such model in here")

    def run(raw_data):
        return raw_data
"""
SLOW = """
    import time

    def init():
        time.sleep({0})

    def run(raw_data):
        return "slow"
"""


class Deployer:
    """A workspace, a folder for scripts, and the names that were deployed."""

    def __init__(self, ws: Workspace, folder: Path) -> None:
        self.ws, self.folder = ws, folder
        self.before = set(services.names(ws._home))

    def inference(self, text: str = SUM, name: str = "score.py") -> InferenceConfig:
        path = self.folder / name
        path.write_text(textwrap.dedent(text))
        return InferenceConfig(entry_script=name, source_directory=str(self.folder), environment=plain())

    def deploy(self, name: str, configuration: Any = None, text: str = SUM, **options: Any) -> Webservice:
        """Deploy, without waiting."""
        return Model.deploy(self.ws, name, options.pop("models", []), self.inference(text), configuration, **options)

    def deployed(self, name: str, configuration: Any = None, text: str = SUM, **options: Any) -> Any:
        """Deploy, and wait."""
        service = self.deploy(name, configuration, text, **options)
        service.wait_for_deployment(timeout_sec=60)
        return service


def plain() -> Environment:
    """The interpreter as it is."""
    environment = Environment("plain")
    environment.python.user_managed_dependencies = True
    return environment


@contextmanager
def deployer(ws: Workspace, folder: Path) -> Iterator[Deployer]:
    made = Deployer(ws, folder)
    try:
        yield made
    finally:
        for name in set(services.names(ws._home)) - made.before:
            services.delete(ws._home, name)
