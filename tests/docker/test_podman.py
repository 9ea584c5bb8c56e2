"""Podman behind Docker's API: what is the same by other means, and what is refused by its name."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from on_engine import KEYS, SLEEPS, Callers, Containers
from podmans import Podman
from sandbox import VERSION, sandbox

from jupyter_mldeploy import client
from jupyter_mldeploy.errors import TargetUnavailable

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("podman")]  # one Podman for all
PLAIN = VERSION.format("one")


@pytest.fixture
def there(podman: Podman, tmp_path: Path) -> Iterator[Containers]:
    with sandbox(tmp_path) as box:
        made = Containers(box, podman.host)
        yield made
        for left in list(made.target.found()):
            made.target.stop(left)
        assert made.own() == []
        made.client.close()


def test_a_container_is_held_and_a_changed_limit_takes_a_new_one_at_the_same_address(there: Containers) -> None:
    handle = there.started(there.bundle(SLEEPS.format("one")), cpu=0.9, memory_gb=0.5)
    assert "CapEff:\t0000000000000000" in there.shell(handle, "cat /proc/self/status")
    assert there.shell(handle, "id -u") == "10001\n" and "Read-only" in there.shell(handle, "touch /opt/x /etc/x")
    assert there.shell(handle, "stat -c '%a %u' /opt/secrets/secrets.json") == "400 10001\n"
    assert there.inspected(handle)["HostConfig"]["Memory"] == 500_000_000
    with Callers(there.target.address(handle).local, [(0, True), (0, False), (1.2, True)]) as callers:
        changed = there.settings(cpu=0.8, memory_gb=0.6)
        new = there.target.update(handle, there.bundle(SLEEPS.format("two")), changed, KEYS)
    assert {str(answer) for _, answer in callers.seen} == {"one", "two"}
    assert new.data["container"] != handle.data["container"]
    assert there.target.address(new) == there.target.address(handle)
    assert there.inspected(new)["HostConfig"]["Memory"] == 600_000_000


def test_a_front_that_dies_comes_back_and_a_service_does_without_podmans(there: Containers, podman: Podman) -> None:
    handle = there.started(there.bundle(PLAIN))
    handle = there.target.update(handle, there.bundle(VERSION.format("two")), there.settings(), KEYS)
    there.target.control(handle, {"v": 1, "op": "keys", "keys": ["another-key", "one-more-key"]})
    pid = there.inspected(handle)["State"]["Pid"]
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while there.inspected(handle)["State"]["Pid"] in (0, pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    there.until(handle, "Healthy")
    address = f"{there.target.address(handle).local}/score"
    podman.end()
    try:
        assert there.target.state(handle).phase == "Unhealthy"
        assert client.score(address, "{}", key="another-key", timeout=30).content == b'"two"'
    finally:
        podman.start()
    there.until(handle, "Healthy")


def test_a_failed_init_is_not_tried_again_and_again(there: Containers) -> None:
    bad = there.bundle("def init(): print('trying'); 1 / 0\ndef run(x): return x")
    handle = there.target.start(bad, there.settings(), KEYS)
    there.until(handle, "Failed")
    time.sleep(1)
    assert "ZeroDivisionError" in there.target.state(handle).traceback
    assert [line.text for line in there.target.logs(handle)].count("trying") == 1


def test_gpus_are_refused_by_name(there: Containers) -> None:
    with pytest.raises(TargetUnavailable, match="Podman .* gives no GPUs"):
        there.target.check(there.settings(docker={"gpus": 1}))
