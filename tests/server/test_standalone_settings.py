"""Wire contract, section 10: command line, environment and config.json of `mldeploy-server`, and its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mldeploy.server.cli import configuration
from jupyter_mldeploy.server.settings import Options, SettingInvalid, Settings, config_path, settle


def settled(tmp_path: Path, file: object = None, options: Options | None = None, **environment: str) -> Settings:
    if file is not None:
        (tmp_path / "config.json").write_text(json.dumps(file))
    return settle(options or Options(entry_script="score.py"), environment, str(tmp_path))


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = {"SERVICE_NAME": "file", "AZUREML_MODEL_DIR": "file", "SCORING_TIMEOUT_MS": 5}
    options = Options(entry_script="score.py", model_dir="line")
    found = settled(tmp_path, file, options, SERVICE_NAME="environment", AZUREML_MODEL_DIR="environment")
    assert found.text("AZUREML_MODEL_DIR") == "line"
    assert found.text("SERVICE_NAME") == "environment"
    assert found.number("SCORING_TIMEOUT_MS", 1) == 5
    assert found.text("AZUREML_ENTRY_SCRIPT") == str(tmp_path.resolve() / "score.py")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SCORING_TIMEOUT_MS", "soon"),
        ("SCORING_TIMEOUT_MS", ""),
        ("AZUREML_DEBUG_PORT", "x"),
        ("WORKER_COUNT", "many"),
        ("WORKER_COUNT", "0"),
        ("APP_INSIGHTS_LOG_RESPONSE_ENABLED", ""),
        ("APP_INSIGHTS_LOG_RESPONSE_ENABLED", "maybe"),
        ("AML_MDC_STORAGE_ENABLED", "2"),
        ("WORKER_TIMEOUT", "long"),
        ("WORKER_TIMEOUT", "-1"),
        ("AZUREML_DEBUG_PORT", "70000"),
    ],
)
def test_a_variable_of_the_wrong_type_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingInvalid, match=name):
        settled(tmp_path, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("SERVICE_VERSION", 2), ("SCORING_TIMEOUT_MS", 1.5), ("SCORING_TIMEOUT_MS", [1]), ("SERVICE_NAME", {})],
)
def test_a_value_of_the_wrong_type_in_the_file_is_named(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(SettingInvalid, match=name):
        settled(tmp_path, {name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("SCORING_TIMEOUT_MS", "5"), ("SCORING_TIMEOUT_MS", 5.0), ("SERVICE_NAME", None), ("AZUREML_LOG_LEVEL", "DEBUG")],
)
def test_a_value_that_can_be_read_is_taken(tmp_path: Path, name: str, value: object) -> None:
    assert settled(tmp_path, {name: value}).values.get(name) in (5, "DEBUG", None)


@pytest.mark.parametrize(
    ("environment", "milliseconds"),
    [
        ({}, 3_600_000),
        ({"WORKER_TIMEOUT": "300"}, 300_000),
        ({"WORKER_TIMEOUT": "300", "SCORING_TIMEOUT_MS": "500"}, 500),
        ({"WORKER_TIMEOUT": "1", "SCORING_TIMEOUT_MS": "5000"}, 1000),
        ({"WORKER_TIMEOUT": "0"}, 3_600_000),
        ({"WORKER_TIMEOUT": "2", "SCORING_TIMEOUT_MS": "0"}, 2000),
        ({"SCORING_TIMEOUT_MS": "0"}, 0),
    ],
)
def test_worker_timeout_is_an_upper_limit_where_it_is_given(
    tmp_path: Path, environment: dict[str, str], milliseconds: int
) -> None:
    found = settled(tmp_path, **environment)
    config = configuration(Options(entry_script="score.py"), found)
    assert config.settings.scoring_timeout_ms == milliseconds


IDLE = {
    "WORKER_PRELOAD": "true",
    "AML_APP_INSIGHTS_ENABLED": "true",
    "APP_INSIGHTS_LOG_RESPONSE_ENABLED": "false",
    "WORKSPACE_NAME": "w",
    "AML_MDC_STORAGE_ENABLED": "true",
    "AZUREML_LOG_LEVEL": "DEBUG",
    "AML_DBG_MODEL_INFO": "1",
    "AML_DBG_RESOURCE_INFO": "1",
    "SERVER_PORT": "1",
    "HEALTH_PORT": "2",
}


def test_what_has_no_effect_is_said_in_one_line(tmp_path: Path) -> None:
    (line,) = settled(tmp_path, **IDLE, HOSTNAME="this").notices
    assert line.startswith("Accepted, without effect: ")
    assert [name for name in IDLE if name not in line] == []
    assert "HOSTNAME" not in line
    assert "HOSTNAME" in settled(tmp_path, {"HOSTNAME": "that"}).notices[0]
    (tmp_path / "config.json").unlink()
    assert settled(tmp_path, SERVICE_NAME="s", WORKER_TIMEOUT="5", AML_MODEL_DC_STORAGE_ENABLED="true").notices == ()


@pytest.mark.parametrize("text", ["{", "[]", "\xff"])
def test_a_file_that_is_no_json_object_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(SettingInvalid, match=r"config\.json"):
        settled(tmp_path)


def test_keys_that_the_file_cannot_set_are_ignored_with_a_notice(tmp_path: Path) -> None:
    found = settled(tmp_path, {"AML_APP_ROOT": "/elsewhere", "WORKER_COUNT": 7, "EXTRA": 1})
    assert found.text("AML_APP_ROOT") == str(tmp_path)
    assert found.number("WORKER_COUNT", 1) == 1
    assert "AML_APP_ROOT, EXTRA, WORKER_COUNT" in found.notices[0]


def test_the_file_is_looked_for_in_the_app_root_and_beside_the_script_and_empty_ones_are_skipped(
    tmp_path: Path,
) -> None:
    root, beside = tmp_path / "root", tmp_path / "beside"
    root.mkdir()
    beside.mkdir()
    given = {"AML_APP_ROOT": str(root), "AZUREML_ENTRY_SCRIPT": str(beside / "score.py")}
    assert config_path(given) is None
    (beside / "config.json").write_text("{}")
    (root / "config.json").touch()
    assert config_path(given) == str(beside / "config.json")
    (root / "config.json").write_text("{}")
    assert config_path(given) == str(root / "config.json")
    (tmp_path / "named.json").write_text("{}")
    assert config_path({**given, "AZUREML_CONFIG_FILE": str(tmp_path / "named.json")}) == str(tmp_path / "named.json")


def test_a_named_file_that_is_missing_is_noticed(tmp_path: Path) -> None:
    found = settled(tmp_path, options=Options(entry_script="score.py", config_file="nowhere.json"))
    assert "nowhere.json is missing or empty" in found.notices[0]


def test_the_front_is_told_what_was_settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = Options(
        entry_script="score.py",
        model_dir="models",
        port=6001,
        worker_count=3,
        access_control_allow_origins="https://a.test",
    )
    environment = {
        "SERVICE_NAME": "n",
        "SERVICE_VERSION": "2",
        "SERVICE_PATH_PREFIX": "p",
        "AZUREML_SOURCE_DIRECTORY": "src",
        "SCORING_TIMEOUT_MS": "9",
        "SERVER_VERSION_LOG_RESPONSE_ENABLED": "False",
        "SERVER_PORT": "3535",
    }
    config = configuration(options, settle(options, environment, str(tmp_path)))
    assert (config.name, config.version, config.path_prefix, config.workers) == ("n", "2", "p", 3)
    assert (config.host, config.port, config.auth, config.control, config.log) == (
        "127.0.0.1",
        6001,
        "none",
        None,
        None,
    )
    assert (config.app.root, config.app.python) == (str(tmp_path), sys.executable)
    assert config.app.source_directory == "src"
    assert config.app.environment["AZUREML_MODEL_DIR"] == "models"
    assert config.app.environment["SERVER_PORT"] == "6001"
    assert config.settings.scoring_timeout_ms == 9
    assert config.settings.cors_origins == "https://a.test"
    assert config.settings.version_header is False


def test_relative_folders_keep_their_meaning_when_the_app_root_is_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = Options(entry_script="score.py", model_dir="models")
    environment = {"AML_APP_ROOT": str(tmp_path / "root")}
    config = configuration(options, settle(options, environment, str(tmp_path)))
    assert config.app.root == str(tmp_path / "root")
    assert config.app.entry_script == str(tmp_path.resolve() / "score.py")
    assert config.app.environment["AZUREML_MODEL_DIR"] == str(tmp_path / "models")
    assert config.app.environment["PYTHONPATH"].split(os.pathsep)[0] == str(tmp_path)


def test_without_an_entry_script_main_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = Options(config_file="settings.json")
    assert configuration(options, settle(options, {}, str(tmp_path))).app.entry_script == "main.py"


def start(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jupyter_mldeploy.server.cli", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["--nonsense"],
        ["--entry_script", "s.py", "--port", "0"],
        ["--entry_script", "s.py", "--port", "65536"],
        ["--entry_script", "s.py", "--port", "x"],
        ["--entry_script", "s.py", "--worker_count", "0"],
        ["--entry_script", "s.py", "--health_port", "70000"],
    ],
)
def test_a_command_line_that_names_nothing_to_serve_exits_with_1(tmp_path: Path, arguments: list[str]) -> None:
    done = start(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert "--entry_script" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_of_the_wrong_type_exits_with_3_and_names_the_variable(tmp_path: Path) -> None:
    done = start("--entry_script", "s.py", cwd=tmp_path, SCORING_TIMEOUT_MS="soon")
    assert done.returncode == 3
    assert "SCORING_TIMEOUT_MS is 'soon'" in done.stderr
