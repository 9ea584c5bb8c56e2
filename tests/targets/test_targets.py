"""One suite for every target: what the Protocol promises, from start to stop, against the real part."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sandbox import SUM, VERSION, Sandbox, sandbox

from jupyter_mldeploy import bundle, client, environments
from jupyter_mldeploy.errors import InvalidInput, OperationFailed, PortInUse, TargetUnavailable
from jupyter_mldeploy.specs import Bundle, EnvironmentSpec, Handle, Settings
from jupyter_mldeploy.targets import TARGETS, Target, target

KEYS = {"keys": ["primary-key-of-the-test", "secondary-key-of-the-test"]}


@pytest.fixture(params=sorted(TARGETS))
def runs_on(request: pytest.FixtureRequest, box: Sandbox) -> Target:
    return target(request.param, box.home)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(tmp_path) as made:
        made.home.service("summing").mkdir(parents=True)
        yield made


@pytest.fixture
def handle(box: Sandbox, runs_on: Target) -> Iterator[Handle]:
    started = runs_on.start(built(box, VERSION.format("one")), settings(runs_on), KEYS)
    yield started
    for left in list(runs_on.found()):
        runs_on.stop(left)


def settings(runs_on: Target, **more: object) -> Settings:
    return Settings("summing", target=runs_on.kind, auth="key", **more)  # type: ignore[arg-type]


def built(box: Sandbox, script: str) -> Bundle:
    spec = EnvironmentSpec()
    return bundle.build(box.home, box.script(script), (), spec, environments.lock(spec, box.home, say=print))


def until(runs_on: Target, handle: Handle, phase: str) -> None:
    deadline = time.monotonic() + 30
    while (state := runs_on.state(handle)).phase != phase:
        assert time.monotonic() < deadline, state
        time.sleep(0.02)


def answer(runs_on: Target, handle: Handle, key: str = KEYS["keys"][0]) -> object:
    return json.loads(client.score(f"{runs_on.address(handle).local}/score", "{}", key=key, timeout=30).content)


def test_renders_the_same_twice_and_no_key(box: Sandbox, runs_on: Target) -> None:
    made = built(box, SUM)
    rendered = runs_on.render(made, settings(runs_on))
    assert rendered == runs_on.render(made, settings(runs_on))
    assert not any(key in text for key in KEYS["keys"] for text in rendered.values())


def test_the_front_configuration_is_as_before(box: Sandbox) -> None:
    """Golden: a change of what a front is told is a change of protocol, made on purpose."""
    rendered = target("process", box.home).render(built(box, SUM), Settings("summing", port=8890))["front.json"]
    golden = Path(__file__).parent / "golden" / "process" / "front.json"
    assert rendered == golden.read_text()


def test_a_whole_life(box: Sandbox, runs_on: Target, handle: Handle) -> None:
    kept = msgspec.json.decode(msgspec.json.encode(handle), type=Handle)
    until(runs_on, kept, "Healthy")
    assert answer(runs_on, kept) == "one"
    assert next(line for line in runs_on.logs(kept, follow=True) if line.text == "init of one").stream == "stdout"
    updated = runs_on.update(kept, built(box, VERSION.format("two")), settings(runs_on), KEYS)
    assert answer(runs_on, updated) == "two"
    runs_on.control(updated, {"v": 1, "op": "keys", "keys": ["new-primary-key", "new-secondary-key"]})
    assert answer(runs_on, updated, "new-secondary-key") == "two"
    assert client.post(f"{runs_on.address(updated).local}/score", "{}", key=KEYS["keys"][0]).status == 401
    runs_on.stop(updated)
    assert runs_on.state(updated).phase != "Healthy"
    assert not list(runs_on.found())


def test_an_update_under_load_loses_nothing(box: Sandbox, runs_on: Target, handle: Handle) -> None:
    until(runs_on, handle, "Healthy")
    answers: list[object] = []
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            answers.append(answer(runs_on, handle))

    clients = [threading.Thread(target=load) for _ in range(3)]
    for thread in clients:
        thread.start()
    try:
        for version in ("two", "three"):
            runs_on.update(handle, built(box, VERSION.format(version)), settings(runs_on), KEYS)
    finally:
        done.set()
        for thread in clients:
            thread.join()
    assert {"one", "three"} <= set(map(str, answers)) <= {"one", "two", "three"}


def test_a_bad_update_keeps_the_old_version(box: Sandbox, runs_on: Target, handle: Handle) -> None:
    until(runs_on, handle, "Healthy")
    bad = built(box, "def init(): 1 / 0\ndef run(x): return x")
    with pytest.raises(OperationFailed) as caught:
        runs_on.update(handle, bad, settings(runs_on), KEYS)
    assert "ZeroDivisionError" in caught.value.traceback
    assert answer(runs_on, handle) == "one"


def test_what_runs_without_a_record_is_found(runs_on: Target, handle: Handle) -> None:
    until(runs_on, handle, "Healthy")
    assert list(runs_on.found()) == [handle]


def test_a_first_start_that_fails_says_why(box: Sandbox, runs_on: Target) -> None:
    bad = built(box, "def init(): raise SystemExit('gone')\ndef run(x): return x")
    started = runs_on.start(bad, settings(runs_on), KEYS)
    until(runs_on, started, "Failed")
    assert "gone" in runs_on.state(started).traceback


def test_settings_that_cannot_work_are_refused_before_work(runs_on: Target, handle: Handle) -> None:
    with pytest.raises(PortInUse):
        runs_on.check(settings(runs_on, port=int(handle.data["port"])))
    with pytest.raises(InvalidInput, match="worker"):
        runs_on.check(settings(runs_on, workers=0))


def test_an_unknown_target_lists_the_known(box: Sandbox) -> None:
    with pytest.raises(TargetUnavailable, match="process"):
        target("moon", box.home)
