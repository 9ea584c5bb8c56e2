"""A service's life in containers: what changes inside, what takes a second one, what is never seen."""

from __future__ import annotations

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from on_engine import KEYS, SLEEPS, Callers, Containers
from sandbox import VERSION

from jupyter_mldeploy.errors import OperationFailed
from jupyter_mldeploy.specs import Handle

pytestmark = pytest.mark.timeout(900)  # the first of them has the engine made
MODEL = """
    import os
    from azureml.core.model import Model

    def init():
        global text
        text = open(Model.get_model_path("word")).read()
        open("beside.txt", "w").write("the app folder can be written to")

    def run(raw_data):
        return text
"""
GO = "/var/azureml-app/modeldata/go"  # all containers of a service have it
WAITS = f"""
    import os, time

    def init():
        pass

    def run(raw_data):
        while raw_data == "wait" and not os.path.exists("{GO}"):
            time.sleep(0.02)
        return "{{0}}"
"""
GAP = 2.0  # seconds, on a machine that is busy with tests; the benchmark has what the README says


def test_a_changed_environment_takes_over_and_no_request_is_lost(containers: Containers) -> None:
    handle = containers.started(containers.bundle(SLEEPS.format("one")), workers=3)
    other = containers.bundle(SLEEPS.format("two"), pip=("packaging", "filelock"))
    containers.target.prepare(other, containers.settings(), str)
    with Callers(
        containers.target.address(handle).local, [(0, True)] * 3 + [(0, False)] * 3 + [(1.2, True)] * 2
    ) as callers:
        new = containers.target.update(handle, other, containers.settings(workers=3), KEYS)
    assert {str(answer) for _, answer in callers.seen} == {"one", "two"}
    assert callers.gap <= GAP, callers.gap
    assert containers.target.address(new) == containers.target.address(handle)
    assert containers.answer(new, body="0") == "two"
    assert len([name for name in containers.own() if name.endswith(str(new.data["run"]))]) == 1
    assert len(containers.own()) == 4  # one container and its door, two volumes


def test_a_request_that_runs_long_is_answered_by_the_container_that_has_it(containers: Containers) -> None:
    handle = containers.started(containers.bundle(WAITS.format("one")))
    with ThreadPoolExecutor() as threads:
        waits = threads.submit(containers.answer, handle, body="wait")
        other = containers.bundle(WAITS.format("two"), pip=("packaging", "filelock"))
        containers.target.prepare(other, containers.settings(), str)
        new = containers.target.update(handle, other, containers.settings(), KEYS)
        assert containers.answer(new) == "two" and not waits.done()
        containers.shell(new, f"touch {GO}")
        assert waits.result() == "one"
    containers.client.containers.get(handle.data["container"]).wait(timeout=30)
    edited = containers.bundle(WAITS.format("three"), pip=("packaging", "filelock"))
    again = containers.target.update(new, edited, containers.settings(), KEYS)
    assert again.data["container"] == new.data["container"] and handle.data["container"] not in containers.own()


def test_all_that_changes_inside_a_container_loses_no_request(containers: Containers) -> None:
    handle = containers.started(containers.bundle(SLEEPS.format("one")), workers=2)
    target, told = containers.target, {"v": 1}
    with Callers(target.address(handle).local, [(0, True)] * 2 + [(0, False)] * 2 + [(0.6, True)]) as callers:
        handle = target.update(handle, containers.bundle(SLEEPS.format("two")), containers.settings(workers=2), KEYS)
        target.control(handle, told | {"op": "scale", "workers": 3})
        target.control(handle, told | {"op": "keys", "keys": [*KEYS["keys"]]})
        slow = containers.settings(workers=3, scoring_timeout_ms=20_000)
        handle = target.update(handle, containers.bundle(SLEEPS.format("three")), slow, KEYS)
        target.control(handle, told | {"op": "scale", "workers": 2})
    assert {str(answer) for _, answer in callers.seen} == {"one", "two", "three"}
    assert callers.gap <= GAP, callers.gap


def test_a_door_that_is_shut_is_said_and_opens_again(containers: Containers) -> None:
    handle = containers.started(containers.bundle(VERSION.format("one")))
    door = containers.client.containers.get(handle.data["door"])
    door.stop(timeout=5)
    state = containers.target.state(handle)
    assert state.phase == "Unhealthy" and f"docker start {door.name}" in state.reason
    door.start()
    containers.until(handle, "Healthy")
    assert containers.answer(handle) == "one"
    door.remove(force=True)
    containers.until(handle, "Unhealthy")
    assert "is gone; restart the service" in containers.target.state(handle).reason
    again = containers.target.update(handle, containers.bundle(VERSION.format("one")), containers.settings(), KEYS)
    containers.until(again, "Healthy")
    assert containers.answer(handle) == "one"


def test_a_changed_environment_whose_init_fails_leaves_the_old_container(containers: Containers) -> None:
    handle = containers.started(containers.bundle(VERSION.format("one")))
    bad = containers.bundle("def init(): 1 / 0\ndef run(x): return x", pip=("packaging", "filelock"))
    with pytest.raises(OperationFailed) as caught:
        containers.target.update(handle, bad, containers.settings(), KEYS)
    assert "ZeroDivisionError" in caught.value.traceback
    assert containers.answer(handle) == "one"
    assert len(containers.own()) == 4


def test_models_are_sent_once_and_the_app_folder_can_be_written_to(containers: Containers) -> None:
    box = containers.box
    handle = containers.started(containers.bundle(MODEL, (box.model("hello", "word"),)))
    assert containers.answer(handle) == "hello"
    new = containers.bundle(MODEL, (box.model("hello", "word"), box.model("more", "other")))
    handle = containers.target.update(handle, new, containers.settings(), KEYS)
    assert containers.answer(handle) == "hello" and len(handle.data["models"]) == 2
    assert containers.shell(handle, "cat /var/azureml-app/[0-9]*/beside.txt").startswith("the app folder")
    assert "denied" in containers.shell(
        handle, "for file in /var/azureml-app/models/*/model.txt; do echo x > $file; done"
    )


def test_no_secret_is_in_what_the_engine_tells_of_a_container(containers: Containers) -> None:
    handle = containers.started(containers.bundle(VERSION.format("one")))
    containers.target.control(handle, {"v": 1, "op": "keys", "keys": ["third-key-of-the-test", "fourth-key"]})
    told = json.dumps(containers.inspected(handle)) + json.dumps(containers.client.api.history(handle.data["image"]))
    assert not any(key in told for key in (*KEYS["keys"], "third-key", "fourth-key"))
    files = containers.shell(handle, "stat -c '%a %u' /opt/secrets/secrets.json; ls /opt/secrets/inbox")
    assert files == "400 10001\n"
    assert "denied" in containers.shell(handle, "rm -f /opt/secrets/secrets.json")


def test_a_container_is_held_and_can_do_little(containers: Containers) -> None:
    handle = containers.started(containers.bundle(VERSION.format("one")), cpu=0.9, memory_gb=0.5)
    seen = containers.inspected(handle)
    host = seen["HostConfig"]
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (True, ["ALL"], False)
    assert (host["CpuQuota"], host["CpuPeriod"], host["Memory"]) == (90_000, 100_000, 500_000_000)
    assert host["LogConfig"]["Config"] == {"max-file": "5", "max-size": "16777216"}
    door = containers.client.api.inspect_container(handle.data["door"])["HostConfig"]
    assert not host["PortBindings"]
    assert [one["HostIp"] for one in door["PortBindings"]["5001/tcp"]] == ["127.0.0.1"]
    assert (door["ReadonlyRootfs"], door["CapDrop"], door["Privileged"]) == (True, ["ALL"], False)
    assert containers.shell(handle, "id -u") == "10001\n"
    assert "Read-only" in containers.shell(handle, "touch /opt/x; touch /etc/x")
    changed = containers.target.update(
        handle, containers.bundle(VERSION.format("two")), containers.settings(cpu=0.8, memory_gb=0.6), KEYS
    )
    assert changed.data["container"] == handle.data["container"]
    assert containers.inspected(handle)["HostConfig"]["Memory"] == 600_000_000


def test_a_front_that_dies_comes_back_with_what_it_served_last(containers: Containers) -> None:
    handle = containers.started(containers.bundle(VERSION.format("one")))
    containers.target.control(handle, {"v": 1, "op": "wait", "seconds": 1})
    handle = containers.target.update(handle, containers.bundle(VERSION.format("two")), containers.settings(), KEYS)
    containers.target.control(handle, {"v": 1, "op": "keys", "keys": ["another-key", "one-more-key"]})
    pid = containers.inspected(handle)["State"]["Pid"]
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while containers.inspected(handle)["State"]["Pid"] in (0, pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    containers.until(handle, "Healthy")
    assert containers.answer(handle, "another-key") == "two"


def test_a_failed_init_is_not_tried_again_and_again(containers: Containers) -> None:
    handle = containers.target.start(
        containers.bundle("def init(): raise SystemExit('gone')\ndef run(x): return x"), containers.settings(), KEYS
    )
    containers.until(handle, "Failed")
    time.sleep(0.5)
    state = containers.inspected(handle)["State"]
    assert (state["Status"], containers.inspected(handle)["RestartCount"]) == ("exited", 0)


def test_the_log_of_a_container_that_is_gone_can_be_read(containers: Containers) -> None:
    handle = containers.started(containers.bundle(VERSION.format("one")))
    new = containers.target.update(
        handle, containers.bundle(VERSION.format("two"), pip=("packaging", "filelock")), containers.settings(), KEYS
    )
    assert "init of one" in [line.text for line in containers.target.logs(handle)]
    assert "init of one" not in [line.text for line in containers.target.logs(new)]
    assert {"init of one", "init of two"} <= {line.text for line in containers.target.logs(new, previous=True)}


def test_wishes_of_a_service_reach_its_container(containers: Containers, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "file").write_text("seen")
    wishes = {"mounts": {str(tmp_path / "given"): "/given:ro"}, "restart": "no", "log_bytes": 1000, "log_files": 2}
    handle = containers.started(containers.bundle(VERSION.format("one")), docker=wishes)
    assert containers.shell(handle, "cat /given/file") == "seen"
    containers.target.control(handle, {"v": 1, "op": "wait", "seconds": 1})
    host = containers.inspected(handle)["HostConfig"]
    assert host["RestartPolicy"]["Name"] in ("", "no")
    assert host["LogConfig"]["Config"] == {"max-file": "2", "max-size": "1000"}


def test_what_a_deleted_workspace_left_is_found(containers: Containers, tmp_path: Path) -> None:
    handle = containers.started(containers.bundle(VERSION.format("one")))
    containers.box.home.path.rename(tmp_path / "away")
    (tmp_path / "home").mkdir()
    try:
        (tmp_path / "home").rmdir()
        other = type(containers.target)(type(containers.box.home)(tmp_path / "away2"))
        (tmp_path / "away2").mkdir()
        found: list[Handle] = list(other.found())
        assert handle in found
    finally:
        (tmp_path / "away").rename(tmp_path / "home")
