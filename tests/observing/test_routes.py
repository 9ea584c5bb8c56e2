"""`/livez`, `/readyz` and `/metrics`: what they answer, and whom."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
from server.front.fronts import KEYS, Front, eventually

SLOW_START = "import time\ndef init():\n    time.sleep(30)\ndef run(x):\n    return x"
SAMPLE = re.compile(r'(?P<name>[a-z_]+)(?:\{(?P<labels>(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (?P<value>\S+)')


def samples(front: Front, **headers: str) -> dict[str, float]:
    """Every sample of `/metrics` by its name and labels; fails on a line that Prometheus would not read."""
    answer = front.request("GET", "/metrics", headers=headers)
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found, families = {}, set()
    for line in answer.body.decode().splitlines():
        if line.startswith("# TYPE"):
            families.add(line.split()[2])
        elif not line.startswith("# HELP"):
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            family = re.sub("_(bucket|sum|count)$", "", sample["name"])
            assert {sample["name"], family} & families, line
            found[line.rpartition(" ")[0]] = float(sample["value"])
    return found


def test_while_workers_start_the_front_is_alive_and_not_ready(new_front: Callable[..., Front]) -> None:
    front = new_front().script(SLOW_START).start()
    assert (front.request("GET", "/livez").status, front.request("GET", "/readyz").status) == (200, 503)
    assert samples(front)['mldeploy_workers{state="admitted"}'] == 0


def test_a_ready_service_is_both(echo: Front) -> None:
    assert echo.request("GET", "/livez").status == 200
    assert echo.request("GET", "/readyz").body == echo.request("GET", "/").body == b"Healthy"
    assert echo.request("HEAD", "/livez").body == b""
    assert echo.request("POST", "/livez").status == 405


@pytest.mark.parametrize("path", ["/metrics", "/docs", "/swagger.json", "/score"])
def test_with_auth_on_it_is_closed(new_front: Callable[..., Front], path: str) -> None:
    front = new_front(auth="key").serve()
    assert front.request("GET", path).status == 401
    assert front.request("GET", path, headers={"Authorization": f"Bearer {KEYS[0]}"}).status == 200


@pytest.mark.parametrize("path", ["/", "/livez", "/readyz"])
def test_with_auth_on_health_stays_open(new_front: Callable[..., Front], path: str) -> None:
    assert new_front(auth="key").serve().request("GET", path).status == 200


def test_requests_and_errors_are_counted_by_kind(new_front: Callable[..., Front]) -> None:
    front = new_front().serve()
    front.score({"echo": 1})
    front.score({"raise": "no"})
    front.score({"exit": 9})
    seen = samples(front)
    assert seen['mldeploy_requests_total{code="200"}'] == 1
    assert seen['mldeploy_requests_total{code="500"}'] == 2
    assert seen['mldeploy_errors_total{kind="script_raised"}'] == 1
    assert seen['mldeploy_errors_total{kind="worker_died"}'] == 1
    assert seen["mldeploy_worker_restarts_total"] == 1


def test_requests_that_are_turned_away_are_counted_by_reason(new_front: Callable[..., Front]) -> None:
    front = new_front().script(SLOW_START).start()
    assert front.score({}).status == 503
    assert samples(front)['mldeploy_refused_total{reason="starting"}'] == 1


def test_time_in_run_and_time_in_the_queue_are_told_apart(new_front: Callable[..., Front]) -> None:
    front = new_front().serve()
    threads = [threading.Thread(target=front.score, args=({"sleep": 0.3},)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = samples(front)
    assert seen["mldeploy_run_seconds_count"] == seen["mldeploy_queue_seconds_count"] == 3
    assert 0.9 <= seen["mldeploy_run_seconds_sum"] < 1.3
    assert 0.6 <= seen["mldeploy_queue_seconds_sum"] < 1.5  # 0 + 0.3 + 0.6
    assert seen['mldeploy_run_seconds_bucket{le="0.25"}'] == 0
    assert seen['mldeploy_run_seconds_bucket{le="0.5"}'] == 3
    assert seen['mldeploy_batch_size_bucket{le="1"}'] == 3


def test_memory_of_front_and_workers_shows(new_front: Callable[..., Front]) -> None:
    front = new_front(workers=2).serve()
    seen = samples(front)
    memory = [value for name, value in seen.items() if name.startswith("mldeploy_memory_bytes")]
    assert len(memory) == 3 and all(5e6 < value < 200e6 for value in memory)
    assert seen['mldeploy_workers{state="admitted"}'] == seen["mldeploy_workers_wanted"] == 2


def test_a_service_name_with_quotes_and_line_ends_is_a_label(new_front: Callable[..., Front]) -> None:
    front = new_front(name='a "b"\n\\c').serve()
    assert samples(front)['mldeploy_info{service="a \\"b\\"\\n\\\\c",version="1.0"}'] == 1


def test_health_checks_leave_no_access_lines(echo: Front) -> None:
    for path in ("/", "/livez", "/readyz", "/metrics"):
        echo.request("GET", path)
    echo.request("GET", "/swagger.json")
    echo.logged("GET /swagger.json")
    eventually(lambda: echo.log())
    assert not [line for line in echo.log() if line["x"].startswith(("GET /livez", "GET /readyz", "GET /metrics"))]
