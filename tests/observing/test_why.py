"""`why`: sentences from facts, for a service that starts, fails, refuses, is slow, or is dead."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sandbox import Sandbox, sandbox
from server.front.fronts import Front, eventually

from jupyter_mldeploy import services
from jupyter_mldeploy.errors import ServiceNotFound
from jupyter_mldeploy.services.sentences import duration, explain

SLOW_INIT = "import time\ndef init():\n    print('loading the weights')\n    time.sleep(30)\ndef run(x):\n    return x"
BROKEN = "def init():\n    raise KeyError('weights')\ndef run(x):\n    return x"


def said(front: Front) -> str:
    facts = front.control("why")
    assert facts["ok"]
    return "\n".join(explain(facts, time.time()))


def test_a_service_in_init_says_since_when_and_its_last_lines(new_front: Callable[..., Front]) -> None:
    front = new_front().script(SLOW_INIT).start()
    front.logged("loading the weights")
    assert front.score({}).status == 503
    text = said(front)
    assert "It is not ready: no worker serves." in text
    assert "Worker 1 has been running init() for" in text and " UTC." in text
    assert "    loading the weights" in text
    assert "1 request got 503 because no worker was ready yet" in text


def test_a_full_queue_is_named(new_front: Callable[..., Front]) -> None:
    front = new_front(settings={"queue_limit": 1}).serve()
    with ThreadPoolExecutor(6) as pool:
        statuses = [answer.status for answer in pool.map(lambda _: front.score({"sleep": 0.3}), range(6))]
    full = statuses.count(503)
    assert full
    text = said(front)
    assert f"{full} request{'s' if full > 1 else ''} got 503 because the queue was full" in text
    assert "It takes 1 requests or" in text


def test_a_slow_queue_is_told_from_a_slow_model(new_front: Callable[..., Front]) -> None:
    front = new_front().serve()
    front.score({"sleep": 0.2})
    assert "The model is what is slow" in said(front)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: front.score({"sleep": 0.1}), range(16)))
    text = said(front)
    assert "17 requests took" in text and "The queue is what is slow: 1 worker cannot keep up." in text
    assert "No batch formed: a run takes" in text


def test_quick_answers_are_not_called_slow(new_front: Callable[..., Front]) -> None:
    front = new_front().serve()
    for number in range(20):
        front.score({"echo": number})
    text = said(front)
    assert "It is ready: 1 of 1 worker serves." in text and "That is not slow." in text
    assert "No batch formed: hardly ever did two requests wait at the same time." in text


def test_batches_that_form_are_counted(new_front: Callable[..., Front]) -> None:
    front = new_front().serve()
    front.score({"echo": 0})
    body = b'{"echo": 1}'
    head = b"POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)

    def many() -> None:
        front.raw((head + body) * 160)

    threads = [threading.Thread(target=many) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "Requests travel to the workers in batches of" in said(front)


def test_a_request_that_hangs_is_seen(new_front: Callable[..., Front]) -> None:
    front = new_front().serve()
    threading.Thread(target=front.score, args=({"sleep": 3},), daemon=True).start()
    text = eventually(lambda: (found := said(front)) and "has a request at hand that came" in found and found)
    assert "Worker 1 has a request at hand that came" in text


def test_workers_that_died_are_mentioned_with_the_last_error(new_front: Callable[..., Front]) -> None:
    front = new_front().serve()
    front.score({"exit": 7})
    eventually(lambda: front.pids())
    assert "Workers died and were replaced 1 times. The last error: Worker 1 exited with code 7" in said(front)


def test_requests_that_waited_too_long_are_told_from_a_full_queue(new_front: Callable[..., Front]) -> None:
    front = new_front(settings={"max_wait_ms": 100}).serve()
    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(answer.status for answer in pool.map(lambda _: front.score({"sleep": 0.5}), range(2)))
    assert statuses == [200, 503]
    text = said(front)
    assert "1 request got 503 because they had waited for a worker as long as is allowed" in text
    assert "The limit is 100 ms." in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0004, "0.4 ms"), (0.025, "25 ms"), (3.21, "3.2 s"), (59.6, "60 s"), (720, "12 min"), (7200 * 6, "12 h")],
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@contextmanager
def placed(folder: Path) -> Iterator[Sandbox]:
    with sandbox(folder) as made:
        yield made


def test_a_healthy_service_says_so(tmp_path: Path) -> None:
    with placed(tmp_path) as box:
        box.deploy(box.plan())
        box.score()
        text = services.why(box.home, "summing")
        assert text.startswith("Service 'summing' is Healthy.\nIt is ready: 1 of 1 worker serves.")


def test_a_failed_deployment_gives_the_scripts_own_traceback(tmp_path: Path) -> None:
    with placed(tmp_path) as box:
        operation = services.deploy(box.home, box.plan(BROKEN))
        eventually(lambda: operation.status != "Running")
        text = services.why(box.home, "summing")
        assert "Service 'summing' is Failed." in text and "KeyError: 'weights'" in text


def test_a_dead_front_is_explained_from_what_it_left(tmp_path: Path) -> None:
    with placed(tmp_path) as box:
        box.deploy(box.plan("def init():\n    print('here we are')\ndef run(x):\n    return x"))
        handle = services.record(box.home, "summing").handle
        assert handle is not None
        assert "here we are" in services.log_text(box.home, "summing")  # which has the front write what it holds
        os.kill(handle.data["pid"], signal.SIGKILL)
        eventually(lambda: services.state(box.home, "summing").phase == "Unhealthy")
        text = services.why(box.home, "summing")
        assert "The front process has died; restart it." in text and "    here we are" in text


def test_a_failed_reload_is_explained_while_the_old_version_serves(tmp_path: Path) -> None:
    with placed(tmp_path) as box:
        box.deploy(box.plan())
        box.script(BROKEN)
        operation = services.reload(box.home, "summing")
        eventually(lambda: operation.status != "Running")
        text = services.why(box.home, "summing")
        assert "Its last operation failed" in text and "It is ready: 1 of 1 worker serves." in text


def test_an_unknown_service_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with placed(tmp_path) as box, pytest.raises(ServiceNotFound):
        services.why(box.home, "nobody")


def test_logs_of_a_service_are_read_over_all_its_files(tmp_path: Path) -> None:
    with placed(tmp_path) as box:
        box.deploy(box.plan("def init():\n    print('at the start')\ndef run(x):\n    print('x' * 4000)\n    return x"))
        address = services.address(box.home, "summing")
        assert address is not None
        log = box.home.service("summing") / "logs" / "service.jsonl"
        for _ in range(4500):
            box.score('"x"')
        eventually(lambda: log.with_name("service.jsonl.1").exists())
        lines = list(services.logs(box.home, "summing", num_lines=100_000))
        assert any(line.text == "at the start" for line in lines)
        assert sum(line.text == "x" * 4000 for line in lines) == 4500
