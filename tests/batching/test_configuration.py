"""`InferenceConfig(batch=True)` is part of the bundle, and reaches the worker's front from there."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sandbox import SUM, sandbox

from jupyter_mldeploy import bundle, services
from jupyter_mldeploy.core.environment import Environment
from jupyter_mldeploy.core.model import InferenceConfig
from jupyter_mldeploy.disk import Home
from jupyter_mldeploy.server.front.config import parse_app
from jupyter_mldeploy.specs import EnvironmentSpec, Lock, Settings
from jupyter_mldeploy.targets.process import ProcessTarget

from ..server.front.fronts import eventually


@pytest.mark.parametrize("batch", [True, False])
def test_batch_goes_from_the_configuration_to_the_front(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("score.py").write_text("def init():\n    pass\ndef run(raw_data):\n    return []\n")
    config = InferenceConfig("score.py", environment=Environment("e"), batch=batch)
    home = Home(tmp_path / "home")
    home.bundles.mkdir(parents=True)
    built = bundle.build(home, config._script_spec(), (), EnvironmentSpec(), LOCK)
    app = json.loads(ProcessTarget(home).render(built, Settings("svc"))["front.json"])["app"]
    assert parse_app(app).batch is batch
    assert ("batch" in app) is ("batch" in bundle.manifest(built)) is batch


def test_a_deployed_service_batches_and_says_so(tmp_path: Path) -> None:
    with sandbox(tmp_path) as box:
        plan = box.plan(SUM)
        box.deploy(replace(plan, script=replace(plan.script, batch=True)))
        found = [box.score(json.dumps({"data": [[n, n, n]]})) for n in range(12)]
        assert [json.loads(answer) for answer in found] == [[3 * n] for n in range(12)]
        text = eventually(lambda: not_waiting(services.why(box.home, plan.service)))
        assert "No batch formed: hardly ever did two requests wait at the same time." in text
        assert (box.home.service(plan.service) / "logs" / "sample.json").stat().st_mode & 0o077 == 0


def not_waiting(text: str) -> str:
    """The text, once the sample is checked."""
    return "" if "no check is done" in text else text


def test_batch_is_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        InferenceConfig("score.py", None, None, None, None, None, None, None, None, None, None, True)


LOCK = Lock(digest="d" * 16, python="3.11.7", platform="linux", interpreter=sys.executable)
