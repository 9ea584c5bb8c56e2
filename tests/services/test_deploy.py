"""From a plan to a service that answers, its change, and its end; against real fronts and workers."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from sandbox import SUM, VERSION, Sandbox

from jupyter_mldeploy import client, services
from jupyter_mldeploy.disk import Home, write_json
from jupyter_mldeploy.errors import (
    FileMissing,
    InvalidInput,
    NameTaken,
    OperationFailed,
    OperationTimeout,
    PortInUse,
    ScoringFailed,
    ScriptInvalid,
    ServiceNotFound,
    WorkspaceError,
)
from jupyter_mldeploy.processes import identify
from jupyter_mldeploy.specs import EnvironmentSpec, ModelRef

BAD_INIT = """
    def init():
        print("about to fail")
        raise RuntimeError("no weights here")

    def run(raw_data):
        return 1
"""


def test_a_plan_becomes_a_service_that_answers(box: Sandbox) -> None:
    box.deploy(box.plan())
    assert json.loads(box.score('{"data": [[1, 2], [3, 4]]}')) == [3, 7]
    assert services.state(box.home, "summing").phase == "Healthy"
    assert services.names(box.home) == ["summing"]


def test_deploy_returns_before_the_work_is_done(box: Sandbox) -> None:
    operation = services.deploy(box.home, box.plan("import time\ndef init(): time.sleep(1)\ndef run(x): return x"))
    assert operation.status == "Running"
    assert services.state(box.home, "summing").phase == "Starting"
    operation.wait(timeout=30)
    assert [e.stage for e in operation.events() if e.status == "started"] == [
        "environment",
        "bundle",
        "start",
        "init()",
    ]


def test_the_script_finds_its_model_both_ways(box: Sandbox) -> None:
    script = """
        import os
        from azureml.core.model import Model

        def init():
            global texts
            paths = [os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.txt"), Model.get_model_path("model")]
            texts = [open(path).read() for path in paths]

        def run(raw_data):
            return texts
    """
    box.deploy(replace(box.plan(script), models=(box.model("weights"),)))
    assert json.loads(box.score()) == ["weights", "weights"]


def test_a_failing_init_is_reported_with_its_traceback_and_log(box: Sandbox) -> None:
    with pytest.raises(OperationFailed) as caught:
        box.deploy(box.plan(BAD_INIT))
    assert "no weights here" in caught.value.message
    assert 'raise RuntimeError("no weights here")' in caught.value.traceback
    assert "about to fail" in caught.value.log
    state = services.state(box.home, "summing")
    assert state.phase == "Failed"
    assert "no weights here" in state.traceback
    assert "no weights here" in services.log_text(box.home, "summing")


def test_a_failure_is_noticed_within_a_second(box: Sandbox) -> None:
    operation = services.deploy(box.home, box.plan(BAD_INIT))
    with pytest.raises(OperationFailed):
        operation.wait(timeout=30)
    seen = time.time()
    raised = next(line.time for line in services.logs(box.home, "summing") if "about to fail" in line.text)
    assert seen - raised < 1


def test_a_run_that_raises_answers_500_and_logs_the_traceback(box: Sandbox) -> None:
    box.deploy(box.plan("def init(): pass\ndef run(x): raise ValueError('bad row')"))
    with pytest.raises(ScoringFailed, match="500"):
        box.score()
    deadline = time.monotonic() + 5
    while "ValueError: bad row" not in services.log_text(box.home, "summing"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert services.state(box.home, "summing").phase == "Healthy"


def test_an_environment_that_cannot_be_resolved_fails_in_the_resolvers_words(box: Sandbox) -> None:
    plan = replace(box.plan(), environment=EnvironmentSpec("odd", pip=("six==1.16.0", "six==1.17.0")))
    with pytest.raises(OperationFailed, match="six"):
        box.deploy(plan)
    assert services.state(box.home, "summing").phase == "Failed"
    assert "six" in services.log_text(box.home, "summing")


def test_a_failed_service_is_fixed_by_reload(box: Sandbox) -> None:
    with pytest.raises(OperationFailed):
        box.deploy(box.plan(BAD_INIT))
    box.script(SUM)
    services.reload(box.home, "summing").wait(timeout=30)
    assert json.loads(box.score()) == [3]


def test_reload_takes_the_edited_script(box: Sandbox) -> None:
    box.deploy(box.plan(VERSION.format("one")))
    assert json.loads(box.score()) == "one"
    box.script(VERSION.format("two"))
    services.reload(box.home, "summing").wait(timeout=30)
    assert json.loads(box.score()) == "two"


def test_a_bad_reload_keeps_the_old_version_serving(box: Sandbox) -> None:
    box.deploy(box.plan(VERSION.format("one")))
    box.script(BAD_INIT)
    with pytest.raises(OperationFailed, match="no weights here") as caught:
        services.reload(box.home, "summing").wait(timeout=30)
    assert "RuntimeError" in caught.value.traceback
    assert json.loads(box.score()) == "one"
    assert services.state(box.home, "summing").phase == "Healthy"


def test_an_update_under_load_loses_no_request(box: Sandbox) -> None:
    box.deploy(box.plan(VERSION.format("one")))
    answers: list[object] = []
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            answers.append(json.loads(box.score()))

    clients = [threading.Thread(target=load) for _ in range(4)]
    for thread in clients:
        thread.start()
    try:
        services.update(box.home, box.plan(VERSION.format("two"), workers=2)).wait(timeout=30)
        time.sleep(0.2)
    finally:
        done.set()
        for thread in clients:
            thread.join()
    assert set(map(str, answers)) == {"one", "two"}
    assert answers[-1] == "two"
    assert services.state(box.home, "summing").ready == 2


def test_overwrite_replaces_and_its_failure_leaves_what_serves(box: Sandbox) -> None:
    box.deploy(box.plan(VERSION.format("one")))
    with pytest.raises(NameTaken, match="overwrite=True"):
        services.deploy(box.home, box.plan(VERSION.format("two")))
    with pytest.raises(OperationFailed):
        box.deploy(box.plan(BAD_INIT), overwrite=True)
    assert json.loads(box.score()) == "one"
    box.deploy(box.plan(VERSION.format("three")), overwrite=True)
    assert json.loads(box.score()) == "three"


def test_another_port_is_taken_over_while_the_old_one_serves(box: Sandbox) -> None:
    box.deploy(box.plan(VERSION.format("one")))
    before = box.url()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    services.update(box.home, box.plan(VERSION.format("two"), port=port)).wait(timeout=30)
    assert box.url() == f"http://127.0.0.1:{port}" != before
    assert json.loads(box.score()) == "two"


def test_scale_adds_and_removes_workers(box: Sandbox) -> None:
    box.deploy(box.plan())
    for workers in (3, 1):
        services.scale(box.home, "summing", workers)
        assert services.state(box.home, "summing").ready == workers
        assert services.record(box.home, "summing").plan.settings.workers == workers
    with pytest.raises(InvalidInput, match="at least one"):
        services.scale(box.home, "summing", 0)


def test_keys_are_checked_and_replaced_without_a_restart(box: Sandbox) -> None:
    box.deploy(box.plan(auth="key"), keys=("first-given-key", ""))
    primary, secondary = services.keys(box.home, "summing")
    assert primary == "first-given-key"
    assert json.loads(box.score(key=secondary)) == [3]
    with pytest.raises(ScoringFailed, match="401"):
        box.score(key="wrong")
    services.regenerate_key(box.home, "summing", "primary")
    with pytest.raises(ScoringFailed, match="401"):
        box.score(key=primary)
    assert json.loads(box.score(key=services.keys(box.home, "summing")[0])) == [3]


def test_keys_are_in_no_file_that_others_may_read(box: Sandbox) -> None:
    box.deploy(box.plan(auth="key"))
    box.score(key=services.keys(box.home, "summing")[0])
    for path in box.home.path.rglob("*"):
        if path.is_file() and not path.is_symlink():
            text = path.read_bytes()
            for key in services.keys(box.home, "summing"):
                assert key.encode() not in text or path.stat().st_mode & 0o077 == 0, path


def test_what_belongs_to_services_is_for_the_owner_only(box: Sandbox) -> None:
    box.deploy(box.plan())
    assert box.home.services.stat().st_mode & 0o077 == 0


def test_auth_is_switched_in_a_running_service(box: Sandbox) -> None:
    box.deploy(box.plan())
    services.set_auth(box.home, "summing", "key")
    with pytest.raises(ScoringFailed, match="401"):
        box.score()


def test_delete_ends_the_processes_and_keeps_the_log(box: Sandbox) -> None:
    box.deploy(box.plan(VERSION.format("one")))
    url, handle = box.url(), services.record(box.home, "summing").handle
    recorded = box.home.service("summing") / "logs" / "sample.json"
    recorded.write_text('["{}"]')  # as batching records what callers sent
    assert services.delete(box.home, "summing")
    assert not recorded.exists()
    assert not services.delete(box.home, "summing")
    assert services.names(box.home) == []
    assert handle is not None
    assert (
        not Path(f"/proc/{handle.data['pid']}").exists() or "Z" in Path(f"/proc/{handle.data['pid']}/stat").read_text()
    )
    with pytest.raises(Exception, match="Nothing answers"):
        client.post(url, "{}")
    assert (box.home.service("summing") / "logs" / "service.jsonl").exists()
    assert "init()" in services.log_text(box.home, "summing")
    assert not (box.home.service("summing") / "secrets.json").exists()


def test_delete_ends_a_front_that_no_record_knows(box: Sandbox) -> None:
    box.deploy(box.plan())
    record = services.record(box.home, "summing")
    assert record.handle is not None
    write_json(box.home.service("summing") / "record.json", replace(record, handle=None))
    services.delete(box.home, "summing")
    assert identify(record.handle.data["pid"]) is None


def test_a_deleted_name_is_free_again(box: Sandbox) -> None:
    box.deploy(box.plan(VERSION.format("one")))
    services.delete(box.home, "summing")
    box.deploy(box.plan(VERSION.format("two")))
    assert json.loads(box.score()) == "two"


def test_delete_cancels_a_deployment_that_hangs(box: Sandbox) -> None:
    operation = services.deploy(box.home, box.plan("import time\ndef init(): time.sleep(600)\ndef run(x): return x"))
    while not any(e.stage == "init()" for e in operation.events()):
        time.sleep(0.02)
    with pytest.raises(OperationTimeout, match="goes on working"):
        operation.wait(timeout=0.1)
    assert services.delete(box.home, "summing")
    assert operation.status == "Failed"


class TestBeforeAnyWork:
    """Each is refused at once, and no service comes of it."""

    @pytest.fixture(autouse=True)
    def nothing_came_of_it(self, box: Sandbox) -> object:
        yield
        assert services.names(box.home) == []

    @pytest.mark.parametrize("name", ["ab", "Upper", "1st", "a" * 33, "ends-", "../x", "a/b", ""])
    def test_a_bad_name(self, box: Sandbox, name: str) -> None:
        with pytest.raises(InvalidInput, match="3 to 32"):
            services.deploy(box.home, box.plan(name=name))

    def test_a_script_that_does_not_parse(self, box: Sandbox) -> None:
        with pytest.raises(ScriptInvalid, match="line 1"):
            services.deploy(box.home, box.plan("def init(:"))

    def test_a_script_that_is_missing(self, box: Sandbox) -> None:
        plan = box.plan()
        Path(plan.script.entry_script).unlink()
        with pytest.raises(FileMissing, match="score.py"):
            services.deploy(box.home, plan)

    def test_a_model_whose_files_are_gone(self, box: Sandbox) -> None:
        with pytest.raises(FileMissing, match="model m:1"):
            services.deploy(box.home, replace(box.plan(), models=(ModelRef("m", 1, "/nowhere"),)))

    def test_a_port_in_use(self, box: Sandbox) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(PortInUse, match=str(port)):
                services.deploy(box.home, box.plan(port=port))

    @pytest.mark.parametrize("port", [-1, 65536])
    def test_a_number_that_is_no_port(self, box: Sandbox, port: int) -> None:
        with pytest.raises(InvalidInput, match="65535"):
            services.deploy(box.home, box.plan(port=port))


def test_an_unknown_service_is_not_found_and_the_known_are_listed(box: Sandbox) -> None:
    box.deploy(box.plan())
    for verb in (services.record, services.state, services.keys, services.reload, services.restart, services.log_text):
        with pytest.raises(ServiceNotFound, match="summing"):
            verb(box.home, "no-such")


def test_a_record_of_a_newer_version_is_refused_with_the_way_out(box: Sandbox) -> None:
    box.deploy(box.plan())
    path = box.home.service("summing") / "record.json"
    text = path.read_text()
    path.write_text(text.replace('"schema": 1', '"schema": 2'))
    with pytest.raises(WorkspaceError, match="pip install --upgrade"):
        services.record(box.home, "summing")
    path.write_text(text)


class TestKill:
    """kill -9 at any moment leaves every record readable, and one call brings the service back."""

    def test_of_the_front_reads_unhealthy_and_restart_revives_it(self, box: Sandbox) -> None:
        box.deploy(box.plan(VERSION.format("one")))
        url = box.url()
        handle = services.record(box.home, "summing").handle
        assert handle is not None
        os.kill(handle.data["pid"], signal.SIGKILL)
        deadline = time.monotonic() + 5
        while services.state(box.home, "summing").phase != "Unhealthy":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        services.restart(box.home, "summing").wait(timeout=30)
        assert json.loads(box.score()) == "one"
        assert box.url() == url

    def test_of_the_kernel_leaves_its_deployment_alone(self, box: Sandbox) -> None:
        """A kernel is a process that deploys and is gone before the work is done."""
        box.script("import time\ndef init(): time.sleep(0.5)\ndef run(x): return 1")
        kernel = """
            import sys, time
            sys.path.insert(0, sys.argv[2])
            from pathlib import Path
            from sandbox import Sandbox
            from jupyter_mldeploy import services
            from jupyter_mldeploy.disk import Home, write_json
            from jupyter_mldeploy.specs import Plan, ScriptSpec, Settings
            folder = Path(sys.argv[1])
            script = ScriptSpec(str(folder / "scripts" / "score.py"))
            services.deploy(Home(folder / "home"), Plan("summing", "LOCAL", script, Settings("summing")))
            print("deployed", flush=True)
            time.sleep(60)
        """
        command = [sys.executable, "-c", textwrap.dedent(kernel), str(box.folder), str(Path(__file__).parents[1])]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"deployed\n"
            process.kill()
        operation = services.operation(box.home, "summing")
        assert operation is not None
        operation.wait(timeout=30)
        assert json.loads(box.score()) == 1

    def test_of_the_operation_reads_failed(self, box: Sandbox) -> None:
        operation = services.deploy(box.home, box.plan("import time\ndef init(): time.sleep(3)\ndef run(x): return 1"))
        while not any(e.stage == "init()" for e in operation.events()):
            time.sleep(0.01)
        pid = operation.worker()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(OperationFailed, match="ended before it had finished"):
            operation.wait(timeout=5)
        assert services.record(box.home, "summing").plan.service == "summing"
        services.reload(box.home, "summing").wait(timeout=30)
        assert json.loads(box.score()) == 1

    def test_of_a_worker_is_made_good(self, box: Sandbox) -> None:
        script = "import os\ndef init(): pass\ndef run(x): return os.getpid()"
        box.deploy(box.plan(script))
        pid = json.loads(box.score())
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while True:
            try:
                assert json.loads(box.score()) != pid
                break
            except ScoringFailed:
                assert time.monotonic() < deadline
                time.sleep(0.02)


def test_a_service_whose_workers_no_longer_start_is_back_after_a_reload(box: Sandbox) -> None:
    flag = box.folder / "broken"
    box.deploy(
        box.plan(
            f"""
            import os

            def init():
                assert not os.path.exists({str(flag)!r}), "the data is broken"

            def run(x):
                return os.getpid()
            """
        )
    )
    url = box.url()
    flag.touch()
    os.kill(json.loads(box.score()), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while "the data is broken" not in services.state(box.home, "summing").traceback:
        assert time.monotonic() < deadline, services.state(box.home, "summing")
        time.sleep(0.02)
    flag.unlink()
    services.reload(box.home, "summing").wait(timeout=30)
    assert json.loads(box.score())
    assert box.url() == url


def test_a_workspace_that_was_moved_takes_its_services_along(box: Sandbox) -> None:
    script = """
        import os

        def init():
            global text
            text = open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.txt")).read()

        def run(x):
            return text
    """
    model = box.model("weights")
    box.deploy(replace(box.plan(script), models=(model,)))
    moved = Home(box.folder / "elsewhere")
    box.home.path.rename(moved.path)
    Path(model.path).unlink()  # as if it had lain in the workspace
    box.home = moved
    assert services.state(moved, "summing").phase == "Healthy"
    assert json.loads(box.score()) == "weights"
    for change in (services.reload, services.restart):
        change(moved, "summing").wait(timeout=30)
        assert json.loads(box.score()) == "weights"


def test_a_service_runs_another_version_of_a_package_than_the_kernel(box: Sandbox) -> None:
    script = """
        import sklearn

        def init():
            pass

        def run(x):
            return sklearn.__version__
    """
    other = "1.6.1"
    kernel = version("scikit-learn")
    box.deploy(replace(box.plan(script), environment=EnvironmentSpec("older", pip=(f"scikit-learn=={other}",))))
    served = json.loads(box.score())
    print(f"scikit-learn here: {kernel}, in the service: {served}")
    assert served == other != kernel


def test_two_changes_at_once_take_turns(box: Sandbox) -> None:
    box.deploy(box.plan(VERSION.format("one")))
    first = services.update(box.home, box.plan(VERSION.format("two")))
    second = services.reload(box.home, "summing")
    first.wait(timeout=30)
    second.wait(timeout=30)
    assert json.loads(box.score()) == "two"


def test_the_log_has_stages_then_init_then_requests(box: Sandbox) -> None:
    script = "def init(): print('in init')\ndef run(x):\n    print('in run')\n    return 1"
    box.deploy(box.plan(script))
    box.score()
    deadline = time.monotonic() + 5
    while "POST /score" not in (text := services.log_text(box.home, "summing")):
        assert time.monotonic() < deadline, text
        time.sleep(0.05)
    places = [text.index(part) for part in ("bundle", "in init", "in run", "POST /score")]
    assert places == sorted(places)
    assert len(services.log_text(box.home, "summing", num_lines=2).splitlines()) == 2
