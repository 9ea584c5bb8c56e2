"""Wire contract, section 9: what a worker does until it is ready, and how it says that it cannot be."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from .worker_driver import Worker, write

RUN = "def run(raw_data):\n    return raw_data\n"
INIT = "def init():\n    pass\n"

# script, the step that fails, what the one sentence says, what the traceback says
FAILURES = {
    "syntax error": ("def init(:\n    pass\n", "importing", "SyntaxError", "score.py"),
    "import raises": ("import nowhere_to_be_found\n" + INIT + RUN, "importing", "ModuleNotFoundError", "line 1"),
    "import exits": ("import sys\nsys.exit(0)\n", "importing", "SystemExit: 0", "sys.exit(0)"),
    "no init": (RUN, "importing", "no function `init`", "init"),
    "no run": (INIT, "importing", "no function `run`", "run(raw_data)"),
    "init raises": (
        "def init():\n    raise ValueError('no model here')\n" + RUN,
        "init",
        "ValueError: no model here",
        "line 2, in init\n    raise ValueError('no model here')",
    ),
    "init exits with 0": ("import sys\ndef init():\n    sys.exit(0)\n" + RUN, "init", "SystemExit: 0", "sys.exit(0)"),
    "init is interrupted": ("def init():\n    raise KeyboardInterrupt\n" + RUN, "init", "KeyboardInterrupt", "init"),
    "init wants arguments": ("def init(a):\n    pass\n" + RUN, "init", "TypeError", "init()"),
    "run takes nothing": (INIT + "def run():\n    pass\n", "importing", "needs a parameter", "run()"),
    "run takes headers only": (INIT + "def run(request_headers):\n    pass\n", "importing", "needs a parameter", "run"),
    "run takes *args": (INIT + "def run(*data):\n    pass\n", "importing", "*args", "run"),
    "run takes **kwargs": (INIT + "def run(data, **more):\n    pass\n", "importing", "**kwargs", "run"),
    "run is positional-only": (INIT + "def run(data, /):\n    pass\n", "importing", "positional-only", "run"),
    "run is a builtin without signature": (INIT + "run = max\n", "importing", "run", "max"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_script_that_cannot_serve_fails_the_start_with_exit_code_3(case: str, tmp_path: Path) -> None:
    text, during, error, traceback = FAILURES[case]
    with Worker(write(tmp_path, text)) as worker:
        phase = worker.boot()
        assert phase["phase"] == "failed"
        assert phase["during"] == during
        assert error in phase["error"]
        assert traceback in phase["traceback"]
        assert "mldeploy" not in phase["traceback"], "frames of the server's own stand in the user's traceback"
        assert worker.exit_code() == 3


def test_a_missing_script_is_named_with_what_is_there(tmp_path: Path) -> None:
    write(tmp_path, INIT, "scores.py")
    with Worker(tmp_path) as worker:
        assert "score.py does not exist" in worker.boot()["error"]
        assert "scores.py" in worker.boot()["error"]


def test_a_failing_init_is_logged_with_the_tree_of_the_model_folder(tmp_path: Path) -> None:
    write(tmp_path, "", "models/m/1/model.pkl")
    write(tmp_path, "def init():\n    open('nope')\n" + RUN)
    with Worker(tmp_path, AZUREML_MODEL_DIR="models") as worker:
        worker.boot()
        assert worker.exit_code() == 3
        assert any("models/m/1/model.pkl" in entry["x"] for entry in worker.logs)


def test_the_phases_come_in_order_and_init_runs_once(tmp_path: Path) -> None:
    script = "calls = []\ndef init():\n    calls.append(1)\ndef run(raw_data):\n    return len(calls)\n"
    with Worker(write(tmp_path, script)) as worker:
        worker.ready()
        assert [phase["phase"] for phase in worker.phases] == ["importing", "init", "ready"]
        assert worker.hello["protocol"] == 1
        assert worker.hello["pid"] == worker.process.pid
        assert [worker.ask(b"").body for _ in range(3)] == [b"1"] * 3


def test_classes_of_the_script_pickle_by_the_name_of_its_module(tmp_path: Path) -> None:
    script = """
    import pickle
    class Thing:
        pass
    def init():
        pass
    def run(raw_data):
        return [pickle.loads(pickle.dumps(Thing())).__class__ is Thing, Thing.__module__]
    """
    with Worker(write(tmp_path, script)) as worker:
        assert worker.ready().ask(b"").body == b'[true, "entry_module"]'


def test_modules_are_found_in_the_app_root_and_the_source_folder_but_not_beside_a_nested_script(tmp_path: Path) -> None:
    write(tmp_path, "here = 'root'\n", "in_root.py")
    write(tmp_path, "here = 'source'\n", "lib/in_source.py")
    write(tmp_path, "here = 'beside'\n", "deep/beside.py")
    script = "import in_root, in_source\n" + INIT + "def run(raw_data):\n    import beside\n"
    write(tmp_path, script, "deep/score.py")
    with Worker(tmp_path, AZUREML_ENTRY_SCRIPT="deep/score.py", AZUREML_SOURCE_DIRECTORY="lib") as worker:
        answer = worker.ready().ask(b"")
        assert b"No module named 'beside'" in answer.body


def test_names_of_the_servers_own_files_belong_to_the_user(tmp_path: Path) -> None:
    write(tmp_path, "mine = True\n", "frames.py")
    script = "import frames\n" + INIT + "def run(raw_data):\n    import swagger\n    return frames.mine\n"
    with Worker(write(tmp_path, script)) as worker:
        assert b"No module named 'swagger'" in worker.ready().ask(b"").body


def test_without_an_entry_script_the_module_main_serves(tmp_path: Path) -> None:
    write(tmp_path, INIT + RUN, "main.py")
    with Worker(tmp_path, AZUREML_ENTRY_SCRIPT="") as worker:
        assert worker.ready().ask(b"x").body == b'"x"'


def test_an_absolute_entry_script_wins_over_the_app_root(tmp_path: Path) -> None:
    elsewhere = write(tmp_path / "elsewhere", INIT + RUN, "mine.py") / "mine.py"
    root = tmp_path / "root"
    root.mkdir()
    with Worker(root, AZUREML_ENTRY_SCRIPT=str(elsewhere)) as worker:
        assert worker.ready().ask(b"x").body == b'"x"'


def test_the_run_of_a_driver_module_is_used_and_the_outer_init(tmp_path: Path) -> None:
    write(tmp_path, "state = []\ndef init():\n    pass\ndef run(data):\n    return state + [data]\n", "inner.py")
    script = """
    import inner as driver_module
    def init():
        driver_module.state.append("outer init")
    def run(wrong):
        raise RuntimeError("the driver's run is not to be called")
    """
    with Worker(write(tmp_path, script)) as worker:
        assert worker.ready().ask(b"x").body == b'["outer init", "x"]'


def test_a_run_that_is_no_plain_function_serves_too(tmp_path: Path) -> None:
    script = """
    import functools
    def init():
        pass
    def shouting(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs).upper()
        return wrapper
    @shouting
    def run(raw_data):
        return raw_data
    """
    with Worker(write(tmp_path, script)) as worker:
        assert worker.ready().ask(b"x").body == b'"X"'


def test_a_model_pickled_by_the_script_of_a_notebook_loads_when_the_script_defines_its_class(tmp_path: Path) -> None:
    module = type(pickle)("entry_module")
    exec("class Model:\n    def predict(self, x):\n        return x * 2\n", module.__dict__)
    import sys

    sys.modules["entry_module"] = module
    try:
        (tmp_path / "model.pkl").write_bytes(pickle.dumps(module.Model()))
    finally:
        del sys.modules["entry_module"]
    script = """
    import pickle
    class Model:
        def predict(self, x):
            return x * 2
    def init():
        global model
        model = pickle.load(open("model.pkl", "rb"))
    def run(raw_data):
        return model.predict(int(raw_data))
    """
    with Worker(write(tmp_path, script)) as worker:
        assert worker.ready().ask(b"21").body == b"42"
