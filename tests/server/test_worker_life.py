"""How a worker ends: by drain, with its front, and never by what a request does in Python."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jupyter_mldeploy.server import frames

from .worker_driver import SERVER, Worker, until, write

SCRIPT = """
import ctypes, os, time, threading
def init():
    pass
def run(raw_data):
    return eval(raw_data)
"""

# A front that dies at once by SIGKILL while its worker sits in native code that holds the interpreter lock.
DYING_FRONT = """
import os, signal, socket, subprocess, sys, time
sys.path.insert(0, sys.argv[1])
import frames
ours, theirs = socket.socketpair()
worker = subprocess.Popen(
    [sys.executable, os.path.join(sys.argv[1], "worker.py"), str(theirs.fileno())],
    cwd=sys.argv[2], env={**os.environ, "AML_APP_ROOT": sys.argv[2], "AZUREML_ENTRY_SCRIPT": "score.py"},
    pass_fds=[theirs.fileno()], process_group=0,
)
ours.sendall(frames.message(frames.CONTROL, {"op": "start", "protocol": 1}))
ours.sendall(frames.requests([frames.Request(1, b"", b"ctypes.PyDLL(None).sleep(60)")]))
reader = frames.Reader()
while not any(b"ready" in frame[3] for frame in reader.feed(ours.recv(65536))):
    pass
time.sleep(0.2)
print(worker.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


# The same without the kernel's help: the worker's own thread has to see that its parent is gone.
ORPHAN = """
import subprocess, sys
code = (
    "import sys, time; from jupyter_mldeploy.server.working import survival; survival._ask_kernel = lambda: False; "
    "survival.die_with_parent(); print('up', flush=True); time.sleep(60)"
)
child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid)
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    with Worker(write(tmp_path, SCRIPT)) as worker:
        yield worker.ready()


def test_drain_finishes_what_was_sent_and_ends_with_0(worker: Worker) -> None:
    first, second = worker.send(b"time.sleep(0.1) or 1"), worker.send(b"2")
    worker.control(op="drain")
    assert [worker.answers_to(number)[0].body for number in (first, second)] == [b"1", b"2"]
    assert worker.exit_code() == 0


def test_the_end_of_the_socket_ends_an_idle_worker(worker: Worker) -> None:
    worker.socket.close()
    assert worker.exit_code(2) != 0


def test_a_front_that_goes_before_it_says_start_ends_the_worker(tmp_path: Path) -> None:
    worker = Worker(write(tmp_path, SCRIPT))
    worker.socket.close()
    assert worker.exit_code(5) != 0
    worker.__exit__()


def test_another_protocol_is_refused(tmp_path: Path) -> None:
    with Worker(write(tmp_path, SCRIPT), start={"op": "start", "protocol": 99}) as worker:
        assert worker.exit_code(5) != 0
        assert "protocol 1" in worker.native_output()


@pytest.mark.skipif(sys.platform != "linux" or sys.version_info < (3, 11), reason="prctl is Linux's")
def test_a_worker_in_native_code_dies_with_its_front(tmp_path: Path) -> None:
    front = subprocess.run(
        [sys.executable, "-c", DYING_FRONT, str(SERVER), str(write(tmp_path, SCRIPT))],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert front.returncode == -signal.SIGKILL, front.stderr
    pid = int(front.stdout)
    assert until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE, 2)


def test_where_the_kernel_does_not_help_a_thread_sees_that_the_front_is_gone() -> None:
    done = subprocess.run([sys.executable, "-c", ORPHAN], capture_output=True, text=True, timeout=30)
    pid = int(done.stdout)
    assert until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE, 5)


def test_threads_of_the_script_do_not_keep_a_failed_worker_alive(tmp_path: Path) -> None:
    script = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n1 / 0\n"
    with Worker(write(tmp_path, script)) as worker:
        assert worker.boot()["phase"] == "failed"
        assert worker.exit_code(2) == 3


def test_os_exit_ends_the_worker_without_an_answer(worker: Worker) -> None:
    number = worker.send(b"os._exit(7)")
    with pytest.raises(EOFError):
        worker.answers_to(number)
    assert worker.exit_code() == 7


def test_a_crash_leaves_the_python_stack_on_the_native_stderr(worker: Worker) -> None:
    worker.send(b"ctypes.string_at(0)")
    assert worker.exit_code() == -signal.SIGSEGV
    text = worker.native_output()
    assert "Segmentation fault" in text
    assert "score.py" in text


def test_sigusr2_shows_where_a_worker_hangs(worker: Worker) -> None:
    number = worker.send(b"print('asleep') or time.sleep(0.5) or 'woke'")
    assert worker.said()[-1]["x"] == "asleep"
    os.kill(worker.process.pid, signal.SIGUSR2)
    assert worker.answers_to(number)[0].body == b'"woke"'
    assert "score.py" in worker.native_output()


def test_a_request_that_changes_the_folder_or_closes_descriptors_leaves_the_worker_serving(worker: Worker) -> None:
    for code in ("os.chdir('/')", "os.close(0)", "os.close(1)", "os.close(2)"):
        assert worker.ask(code.encode()).status == frames.OK
    assert worker.ask(b"'alive'").body == b'"alive"'


def test_threads_that_print_while_requests_run_break_no_frame(worker: Worker) -> None:
    code = b"[threading.Thread(target=lambda: [print('x' * 500) for _ in range(400)]).start() for _ in range(4)] and 1"
    assert worker.ask(code).body == b"1"
    assert [worker.ask(b"'y' * 100_000").body for _ in range(50)] == [b'"' + b"y" * 100_000 + b'"'] * 50


def test_a_worker_costs_little_over_a_bare_interpreter(worker: Worker) -> None:
    code = "for l in open('/proc/self/smaps_rollup'):\n    if l.startswith('Pss:'): print(l.split()[1])"
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("PSS is read from /proc, which is Linux's")
    bare = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20).stdout)
    lines = Path(f"/proc/{worker.process.pid}/smaps_rollup").read_text().splitlines()
    ours = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    assert ours - bare < 15 * 1024
