"""One suite for every target: what the Protocol promises, from start to stop, against the real part."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import msgspec
import pytest
from sandbox import SUM, VERSION, Sandbox, sandbox

from jupyter_mldeploy import bundle, client, environments
from jupyter_mldeploy.errors import InvalidInput, OperationFailed, PortInUse, TargetUnavailable
from jupyter_mldeploy.server.front import config
from jupyter_mldeploy.specs import Bundle, EnvironmentSpec, Handle, LogLine, Settings, State, Tls
from jupyter_mldeploy.targets import TARGETS, Target, fronts, target

ENGINES = {"docker": "engine", "podman": "podman"}  # fixtures
KEYS = {"keys": ["primary-key-of-the-test", "secondary-key-of-the-test"]}


def on(kind: str, *marks: pytest.MarkDecorator) -> object:
    return pytest.param(kind, marks=[pytest.mark.timeout(900), *marks])


# Docker's target also speaks to Podman.
@pytest.fixture(params=[*map(on, sorted(TARGETS)), on("podman", pytest.mark.xdist_group("podman"))])
def runs_on(request: pytest.FixtureRequest, box: Sandbox) -> Iterator[Target]:
    kind = str(request.param)
    if kind in ENGINES:
        request.getfixturevalue(ENGINES[kind])
    made = target("docker" if kind in ENGINES else kind, box.home)
    yield made
    for left in list(made.found()):
        made.stop(left)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(tmp_path) as made:
        made.home.service("summing").mkdir(parents=True)
        yield made


@pytest.fixture
def handle(box: Sandbox, runs_on: Target) -> Handle:
    return runs_on.start(built(box, VERSION.format("one")), settings(runs_on), KEYS)


def settings(runs_on: Target, **more: object) -> Settings:
    return Settings("summing", target=runs_on.kind, auth="key", **more)  # type: ignore[arg-type]


def built(box: Sandbox, script: str) -> Bundle:
    spec = EnvironmentSpec(pip=("packaging",))  # named, so that an image does not hold all that the tests need
    return bundle.build(box.home, box.script(script), (), spec, environments.lock(spec, box.home, say=print))


def until(runs_on: Target, handle: Handle, phase: str) -> State:
    deadline = time.monotonic() + 30
    while (state := runs_on.state(handle)).phase != phase:
        assert time.monotonic() < deadline, state
        time.sleep(0.02)
    return state


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


def test_all_that_may_be_switched_on_is_in_what_the_front_is_told(box: Sandbox) -> None:
    """Golden as well."""
    switched = Settings(
        "summing",
        auth="token",
        limits={"max_request_wait_time": 900, "replica_max_concurrent_requests": 4, "period_seconds": 10},
        server={"request_log": True, "worker_memory_limit": 2_000_000_000},
        tls=Tls("/certificates/server.crt", "/certificates/server.key", "scoring.example"),
        oidc={"issuer": "https://login.example", "audience": "ml", "jwks_url": "https://login.example/keys"},
    )
    rendered = target("process", box.home).render(built(box, SUM), switched)["front.json"]
    assert rendered == (Path(__file__).parent / "golden" / "process" / "front-switched.json").read_text()
    config.parse(json.loads(rendered))


def test_a_reload_says_all_so_that_what_is_left_out_is_as_by_default() -> None:
    app = {"root": "app", "python": "python", "entry_script": "score.py"}
    message = fronts.reload(fronts.configuration(Settings("summing", server={"body_limit": 7}), app))
    assert (message["tls"], message["oidc"], message["auth"]) == (None, None, "none")
    assert message["settings"] == {**asdict(config.Settings()), "body_limit": 7}


def test_a_line_of_a_request_keeps_what_is_known_of_it() -> None:
    line = {"t": 1.5, "s": "access", "l": "I", "w": 2, "r": "id", "n": "azmlinfsrv", "x": "GET"}
    raw = json.dumps({**line, "request": {"status": 200}}).encode()
    assert fronts.log_line(raw) == LogLine(1.5, "access", 'GET {"status": 200}', replica="2", request="id")


@pytest.mark.parametrize(
    ("outcome", "phase", "reason"),
    [
        ({"phase": "failed", "reason": "init raised"}, "Failed", "init raised"),
        ({"phase": "stopped"}, "Stopped", "restart it"),
        ({"phase": "serving"}, "Unhealthy", "has died"),
        ({}, "Failed", "before it served.\nlast line"),
    ],
)
def test_a_front_that_is_gone_is_explained_by_its_last_words(outcome: dict[str, str], phase: str, reason: str) -> None:
    state = fronts.last_words(outcome, "\nlast line")
    assert state.phase == phase
    assert reason in state.reason


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
    assert "gone" in until(runs_on, started, "Failed").traceback


def test_settings_that_cannot_work_are_refused_before_work(runs_on: Target, handle: Handle) -> None:
    with pytest.raises(PortInUse):
        runs_on.check(settings(runs_on, port=int(handle.data["port"])))
    with pytest.raises(InvalidInput, match="worker"):
        runs_on.check(settings(runs_on, workers=0))


def test_an_unknown_target_lists_the_known(box: Sandbox) -> None:
    with pytest.raises(TargetUnavailable, match="process"):
        target("moon", box.home)
