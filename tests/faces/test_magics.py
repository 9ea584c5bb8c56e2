"""Every magic in a real IPython shell, against real services."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_mldeploy import errors
from jupyter_mldeploy.core import Environment, Model, Workspace
from jupyter_mldeploy.core.exceptions import AzureMLException, WebserviceException
from jupyter_mldeploy.core.webservice import AciWebservice, AksWebservice, LocalWebservice
from jupyter_mldeploy.notebook.magics import MAGICS
from jupyter_mldeploy.notebook.magics.arguments import MagicError

Shell = Any
HELLO = "def init():\n    pass\n\ndef run(raw_data):\n    return {!r}\n"


@pytest.mark.parametrize("name", MAGICS)
def test_every_magic_has_help_with_an_example(shell: Shell, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    kind = MAGICS[name][0]
    mark = "%%" if kind == "cell" else "%"
    assert shell.run(f"{mark}{name} -h") is None
    shown = capsys.readouterr().out
    assert f"usage: {mark}{name}" in shown and f"example:\n  {mark}{name}" in shown.replace("svc = ", "").replace(
        "answer = ", ""
    )


@pytest.mark.parametrize("line", ["%deploy", "%score churn", "%logs", "%reload a b", "%services x", "%undeploy"])
def test_a_wrong_call_raises_our_own_error_with_the_usage(shell: Shell, line: str) -> None:
    with pytest.raises(MagicError, match="usage: "):
        shell.run(line)


class TestEntryScript:
    def test_it_writes_the_cell_and_makes_the_folder(self, shell: Shell, home: Path) -> None:
        shell.run(f"%%entry_script deep/down/score.py\n{HELLO.format('hi')}")
        assert (home / "deep/down/score.py").read_text() == HELLO.format("hi")

    def test_the_name_may_come_from_a_variable(self, shell: Shell, home: Path) -> None:
        shell.run("folder, file = 'svc', 'main.py'")
        shell.run(f"%%entry_script {{folder}}/$file\n{HELLO.format('hi')}")
        assert (home / "svc/main.py").is_file()

    def test_a_script_without_run_is_kept_and_named(self, shell: Shell, home: Path) -> None:
        with pytest.raises(errors.ScriptInvalid, match="score.py has no `run`"):
            shell.run("%%entry_script score.py\ndef init():\n    pass\n")
        assert (home / "score.py").read_text() == "def init():\n    pass\n"

    def test_a_syntax_error_names_file_line_and_place(self, shell: Shell, home: Path) -> None:
        with pytest.raises(errors.ScriptInvalid, match=r"score.py, line 2") as caught:
            shell.run("%%entry_script score.py\ndef init():\n    x = = 1\n")
        assert "x = = 1" in caught.value.message and "^" in caught.value.message
        assert (home / "score.py").exists(), "nothing that was typed is lost"

    def test_a_folder_is_no_file(self, shell: Shell, home: Path) -> None:
        (home / "svc").mkdir()
        with pytest.raises(MagicError, match="svc is a folder"):
            shell.run(f"%%entry_script svc\n{HELLO.format('hi')}")

    def test_another_encoding_than_ascii_survives(self, shell: Shell, home: Path) -> None:
        shell.run(f"%%entry_script score.py\n# grüße 🙂\n{HELLO.format('ü')}")
        assert "grüße 🙂" in (home / "score.py").read_text(encoding="utf-8")


class TestDeploy:
    def test_deploy_score_log_list_reload_and_undeploy(
        self, shell: Shell, script: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        shell.run("rows = [[1, 2], [3, 4]]")
        shell.run("service = %deploy adder")
        assert isinstance(shell.names["service"], LocalWebservice)
        assert "init()" in capsys.readouterr().out, "the stages are shown"

        assert shell.run('%score adder {"data": rows}') == [3, 7]
        shell.run("name = 'adder'\nanswer = %score $name {\"data\": [[5, 5]]}")
        assert shell.names["answer"] == [10]

        capsys.readouterr()
        shell.run("%logs adder")
        assert "ready to add" in capsys.readouterr().out
        shell.run("%logs adder -n 1")
        assert len(capsys.readouterr().out.splitlines()) == 1

        assert "adder" in repr(shell.run("%services")) and "Healthy" in repr(shell.run("%services"))

        script.write_text(HELLO.format("new"))
        assert shell.run("%reload adder").name == "adder"
        assert shell.run("%score adder 1") == "new"

        shell.run("%undeploy adder")
        assert repr(shell.run("%services")) == "No services."

    def test_a_model_may_be_a_name_a_version_a_variable_or_a_path(self, shell: Shell, home: Path) -> None:
        (home / "kept.txt").write_text("kept")
        (home / "score.py").write_text(
            "import os\n\ndef init():\n    pass\n\ndef run(raw_data):\n"
            "    return sorted(f for _, _, files in os.walk(os.environ['AZUREML_MODEL_DIR']) for f in files)\n"
        )
        ws = Workspace.from_config()
        first = Model.register(ws, "kept.txt", "notes")
        shell.names["held"] = first
        for name, given in {
            "by-name": "notes",
            "by-version": "notes:1",
            "by-variable": "held",
            "by-dollar": "$held",
        }.items():
            shell.run(f"%deploy {name} -m {given} --no-wait")
        shell.run("%deploy by-path -m kept.txt")
        for name in ("by-name", "by-version", "by-variable", "by-dollar", "by-path"):
            LocalWebservice(ws, name).wait_for_deployment()
            assert shell.run(f"%score {name} 1") == ["kept.txt"]
        assert LocalWebservice(ws, "by-dollar").models[0].id == "notes:1"

    @pytest.mark.parametrize(
        ("options", "kind", "auth", "workers"),
        [
            ("--to aci --auth", AciWebservice, "key", 1),
            ("--to aks --workers 2 --no-auth", AksWebservice, "none", 2),
            ("--to aks", AksWebservice, "key", 1),
            ("--workers 2 --auth", LocalWebservice, "key", 2),
        ],
    )
    def test_kind_auth_and_workers(
        self, shell: Shell, script: Path, options: str, kind: type, auth: str, workers: int
    ) -> None:
        shell.run(f"service = %deploy adder {options}")
        assert isinstance(shell.names["service"], kind)
        (line,) = shell.run("%services")
        assert (line.auth, line.workers) == (auth, f"{workers}/{workers}")
        assert shell.run('%score adder {"data": [[1]]}') == [1], "the key is found without being asked for"

    @pytest.mark.parametrize("kind", ["local", "aci", "aks"])
    def test_settings_of_the_server_are_set_by_name(self, shell: Shell, script: Path, kind: str) -> None:
        shell.run(
            f"service = %deploy adder --to {kind} --set body_limit=40 --set request_log=true --set cors_origins=http://a.b"
        )
        assert shell.run('%score adder {"data": [[1]]}') == [1]
        assert '"status": 200' in shell.run("service.get_logs()")

    @pytest.mark.parametrize("line", ["--to aci --port 8000", "--to aks --port 8000", "--to aci --workers 2"])
    def test_options_that_the_kind_does_not_have_are_refused(self, shell: Shell, script: Path, line: str) -> None:
        with pytest.raises(MagicError, match="is for --to local"):
            shell.run(f"%deploy adder {line}")
        assert not shell.run("%services")

    def test_the_environment_may_be_a_file_a_name_or_a_variable(self, shell: Shell, script: Path) -> None:
        Path("env.yml").write_text("name: one\ndependencies:\n- pip:\n  - packaging\n")
        Path("needs.txt").write_text("packaging\n")
        Environment("registered").register(Workspace.from_config())
        shell.names["held"] = Environment("from-variable")
        given = {"env.yml": "env", "needs.txt": "needs", "registered": "registered", "$held": "from-variable"}
        for word, name in given.items():
            shell.run(f"service = %deploy adder --env {word} --overwrite")
            assert shell.names["service"].environment.name == name

    def test_the_workspace_is_the_variable_ws_when_there_is_one(self, shell: Shell, script: Path) -> None:
        shell.names["ws"] = Workspace.create("other-one")
        shell.run("service = %deploy adder")
        assert shell.names["service"].workspace.name == "other-one"
        shell.run("%undeploy adder")

    def test_a_source_folder_goes_along(self, shell: Shell, home: Path) -> None:
        (home / "src").mkdir()
        (home / "src/words.py").write_text("HELLO = 'from beside'")
        (home / "src/main.py").write_text(
            "from words import HELLO\ndef init(): pass\ndef run(raw_data): return HELLO\n"
        )
        shell.run("%deploy adder --source src -e main.py")
        assert shell.run("%score adder 1") == "from beside"

    def test_the_port_is_the_one_that_was_asked_for(self, shell: Shell, script: Path, free_port: int) -> None:
        shell.run(f"service = %deploy adder --port {free_port}")
        assert shell.names["service"].scoring_uri == f"http://127.0.0.1:{free_port}/score"

    def test_a_broken_init_raises_with_the_scripts_own_traceback(self, shell: Shell, home: Path) -> None:
        (home / "score.py").write_text("def init():\n    raise RuntimeError('no luck')\ndef run(raw_data): pass\n")
        with pytest.raises(WebserviceException, match="no luck") as caught:
            shell.run("%deploy adder")
        assert "line 2, in init" in caught.value.message
        (line,) = shell.run("%services")
        assert line.state == "Failed" and "no luck" in line.note

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("%deploy Bad_Name", "Bad_Name"),
            ("%deploy adder -e nowhere.py", "nowhere.py"),
            ("%deploy adder -m nothing-registered", "nothing-registered"),
            ("%deploy adder -m $nothing", "nothing"),
            ("%deploy adder --env nowhere.yml", "nowhere.yml"),
            ("%deploy adder --env not-registered", "not-registered"),
            ("%deploy adder --to moon", "moon"),
            ("%deploy adder --set request_log", "give a name and a value"),
            ("%deploy adder --set request_log=maybe", "request_log is 'maybe'"),
        ],
    )
    def test_bad_input_is_named_and_deploys_nothing(self, shell: Shell, script: Path, line: str, said: str) -> None:
        with pytest.raises((AzureMLException, errors.MLDeployError), match=said):
            shell.run(line)
        assert not shell.run("%services")

    def test_a_name_in_use_needs_overwrite(self, shell: Shell, script: Path) -> None:
        shell.run("%deploy adder --to aci")
        with pytest.raises(WebserviceException, match="exists already"):
            shell.run("%deploy adder --to aci")
        script.write_text(HELLO.format("second"))
        shell.run("%deploy adder --to aci --overwrite")
        assert shell.run("%score adder 1") == "second"


class TestOthers:
    @pytest.mark.parametrize("line", ["%logs nope", "%reload nope", "%undeploy nope", "%score nope 1"])
    def test_an_unknown_service_is_named_with_those_that_exist(self, shell: Shell, line: str) -> None:
        with pytest.raises(
            (errors.ServiceNotFound, WebserviceException), match="No service named 'nope'. Services: none"
        ):
            shell.run(line)

    def test_undeploying_several_is_all_or_nothing(self, shell: Shell, script: Path) -> None:
        shell.run("%deploy adder")
        with pytest.raises(errors.ServiceNotFound, match="'adde'"):
            shell.run("%undeploy adder adde")
        assert len(shell.run("%services")) == 1

    def test_a_reload_of_a_script_that_does_not_parse_changes_nothing(self, shell: Shell, script: Path) -> None:
        shell.run("%deploy adder")
        script.write_text("def init(:\n")
        with pytest.raises(errors.ScriptInvalid, match="line 1"):
            shell.run("%reload adder")
        assert shell.run('%score adder {"data": [[1]]}') == [1]

    def test_an_error_of_the_script_reaches_the_notebook(self, shell: Shell, script: Path) -> None:
        shell.run("%deploy adder")
        with pytest.raises(WebserviceException, match="500"):
            shell.run("%score adder {}")

    def test_a_magic_in_a_function_sees_its_local_names(self, shell: Shell, script: Path) -> None:
        shell.run("%deploy adder")
        shell.run(
            """
            def ask():
                mine = [[20, 22]]
                return get_ipython().run_line_magic("score", 'adder {"data": mine}')
            """
        )
        assert shell.run("ask()") == [42]

    def test_which_workspace_was_opened_is_said_once(
        self, shell: Shell, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for _ in range(3):
            shell.run("%services")
        assert capsys.readouterr().out.count("opened 'default'") == 1

    def test_loading_the_extension_imports_no_part_of_the_product(self, python: Any) -> None:
        done = python(
            """
            import sys
            from IPython.core.interactiveshell import InteractiveShell
            InteractiveShell().run_line_magic("load_ext", "jupyter_mldeploy")
            print(sorted(m for m in sys.modules if m.startswith("jupyter_mldeploy")))
            """
        )
        loaded = ["jupyter_mldeploy", "jupyter_mldeploy.notebook", "jupyter_mldeploy.notebook.magics"]
        assert json.loads(done.stdout.replace("'", '"')) == loaded, done.stderr

    def test_following_a_log_ends_with_an_interrupt(self, shell: Shell, script: Path) -> None:
        shell.run("%deploy adder")
        code = (
            "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # off under a shell's &
            "from IPython.core.interactiveshell import InteractiveShell as Shell; shell = Shell()\n"
            "shell.run_line_magic('load_ext', 'jupyter_mldeploy')\n"
            "shell.run_line_magic('logs', 'adder -f'); print('went on')"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as reader:
            assert reader.stdout is not None
            assert any("end: succeeded" in line for line in iter(reader.stdout.readline, ""))
            reader.send_signal(signal.SIGINT)
            assert reader.stdout.read() == "went on\n"
