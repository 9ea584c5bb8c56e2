"""Collected model data of a deployed service: it outlives versions, and the service itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas
import pytest
from sandbox import Sandbox, sandbox

from jupyter_mldeploy import services

COLLECT = """
    import json
    from azureml.monitoring import ModelDataCollector

    def init():
        global inputs
        inputs = ModelDataCollector("model", "inputs", ["version", "asked"])

    def run(raw_data):
        inputs.collect([{0}, raw_data])
        return {0}
"""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(tmp_path) as made:
        yield made


def test_what_was_collected_outlives_versions_and_the_service(box: Sandbox) -> None:
    for version in range(1, 5):
        box.deploy(box.plan(COLLECT.format(version), workers=2), overwrite=True)
        assert box.score("a, b") == str(version).encode()
    services.delete(box.home, "summing")
    (path,) = (box.home.service("summing") / "modeldata").rglob("*.csv")
    assert path.match("default/default/default/summing/model/default/inputs/*/*/*/inputs.csv")
    found = pandas.read_csv(path)
    assert found["version"].tolist() == [1, 2, 3, 4]
    assert set(found["asked"]) == {"a, b"}
    assert set(found["$aml_service_name"]) == {"summing"}
