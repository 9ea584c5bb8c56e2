"""What `mldeploy-server` runs with: command line, then environment, then config.json (wire contract, section 10)."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from .front.config import Settings as FrontSettings

PORT, HEALTH_PORT = 5001, 5000
TELEMETRY = "nothing is sent to Application Insights"
REMOVED = "azmlinfsrv has removed it too"
PORTS = "--port and --health_port set it"
# Variables with a type, and those that config.json may set too. All others in the file are ignored, as ever.
WHOLE_NUMBERS = ("SCORING_TIMEOUT_MS", "AZUREML_DEBUG_PORT", "WORKER_COUNT", "WORKER_TIMEOUT")
SWITCHES = ("APP_INSIGHTS_LOG_RESPONSE_ENABLED", "AML_MDC_STORAGE_ENABLED")
IN_FILE = (
    "AZUREML_ENTRY_SCRIPT",
    "AZUREML_MODEL_DIR",
    "AZUREML_SOURCE_DIRECTORY",
    "AZUREML_LOG_LEVEL",
    "AZUREML_DEBUG_PORT",
    "APP_INSIGHTS_LOG_RESPONSE_ENABLED",
    "HOSTNAME",
    "SCORING_TIMEOUT_MS",
    "SERVICE_NAME",
    "SERVICE_PATH_PREFIX",
    "SERVICE_VERSION",
    "WORKSPACE_NAME",
)
# What azmlinfsrv takes and this server has no use for, with the reason; one line says so where they are given.
IDLE = {
    "WORKER_PRELOAD": "each worker loads the script by itself",
    "AML_APP_INSIGHTS_ENABLED": TELEMETRY,
    "APP_INSIGHTS_LOG_RESPONSE_ENABLED": TELEMETRY,
    "WORKSPACE_NAME": TELEMETRY,
    "HOSTNAME": TELEMETRY,
    "AML_MDC_STORAGE_ENABLED": TELEMETRY,
    "AZUREML_LOG_LEVEL": "azmlinfsrv has none for it either; logging.json sets levels",
    "AML_DBG_MODEL_INFO": REMOVED,
    "AML_DBG_RESOURCE_INFO": REMOVED,
    "SERVER_PORT": PORTS,
    "HEALTH_PORT": PORTS,
}
# Settings of our own: the front's, each by its name in capitals behind this prefix.
OWN = {f"MLDEPLOY_{field.name.upper()}": field for field in fields(FrontSettings)}
TRUE = ("1", "on", "t", "true", "y", "yes")
FALSE = ("0", "off", "f", "false", "n", "no")


class SettingInvalid(Exception):
    """A setting of the wrong type, or a file of settings that cannot be read; the message names it."""


@dataclass(frozen=True)
class Options:
    """The command line, checked; None is what was not given."""

    entry_script: str | None = None
    model_dir: str | None = None
    host: str = "127.0.0.1"
    port: int = PORT
    health_port: int | None = None
    worker_count: int | None = None
    appinsights_instrumentation_key: str | None = None
    access_control_allow_origins: str | None = None
    config_file: str | None = None
    security: str | None = None


@dataclass(frozen=True)
class Settings:
    """Every value by its variable's name, and what the user should be told before the start."""

    values: Mapping[str, Any]
    notices: tuple[str, ...] = ()

    def text(self, name: str, default: str = "") -> str:
        return str(self.values.get(name, default))

    def own(self) -> dict[str, Any]:
        """The front's settings that were given by their own names."""
        return {OWN[name].name: value for name, value in self.values.items() if name in OWN}

    def number(self, name: str, default: int) -> int:
        return int(self.values.get(name, default))

    def timeout_ms(self) -> int:
        """The longest that a run may take: SCORING_TIMEOUT_MS, and WORKER_TIMEOUT where that is given and less."""
        limits = (self.number("SCORING_TIMEOUT_MS", 3_600_000), self.number("WORKER_TIMEOUT", 0) * 1000)
        return min((limit for limit in limits if limit), default=0)


def settle(options: Options, environment: Mapping[str, str], folder: str) -> Settings:
    """Put all sources together; `folder` is the current one. Raises SettingInvalid."""
    given = {"AML_APP_ROOT": folder, **environment, **_commanded(options, folder)}
    path = config_path(given)
    in_file = _read(path) if path else {}
    values = {**{name: in_file[name] for name in (*IN_FILE, *OWN) if in_file.get(name) is not None}, **given}
    for name, value in values.items():
        values[name] = _typed(name, value)
    _check_ranges(values)
    unknown = sorted(set(in_file) - set(IN_FILE) - set(OWN))
    wanted = given.get("AZUREML_CONFIG_FILE")
    notices = [f"{path}: these keys are not read from a file: {', '.join(unknown)}."] if unknown else []
    if wanted and wanted != path:
        notices.append(f"The configuration file {wanted} is missing or empty; {path or 'none'} is used instead.")
    named = values.keys() - ({"HOSTNAME"} - in_file.keys())  # every container has it in its environment
    return Settings(values, (*notices, *_idle(named)))


def _check_ranges(values: Mapping[str, Any]) -> None:
    if values.get("WORKER_COUNT", 1) < 1:
        raise SettingInvalid(f"WORKER_COUNT is {values['WORKER_COUNT']}; a server needs at least one worker.")
    if values.get("WORKER_TIMEOUT", 0) < 0:
        raise SettingInvalid(f"WORKER_TIMEOUT is {values['WORKER_TIMEOUT']}; it is a number of seconds, 0 for none.")
    if not 0 <= values.get("AZUREML_DEBUG_PORT", 0) <= 65535:
        raise SettingInvalid(f"AZUREML_DEBUG_PORT is {values['AZUREML_DEBUG_PORT']}; ports are 1 to 65535.")


def _idle(named: Collection[str]) -> list[str]:
    """One line for all settings that are given for azmlinfsrv's sake alone."""
    given = [f"{name} ({reason})" for name, reason in IDLE.items() if name in named]
    return [f"Accepted, without effect: {', '.join(given)}."] if given else []


def config_path(given: Mapping[str, str]) -> str | None:
    """The first file of settings that is there and not empty: the named one, the app root's, the entry script's."""
    script = given.get("AZUREML_ENTRY_SCRIPT")
    folders = [given["AML_APP_ROOT"]] + ([os.path.dirname(os.path.abspath(script))] if script else [])
    candidates = [given.get("AZUREML_CONFIG_FILE", ""), *(os.path.join(each, "config.json") for each in folders)]
    return next((path for path in candidates if os.path.isfile(path) and os.path.getsize(path)), None)


def _commanded(options: Options, folder: str) -> dict[str, str]:
    said = {
        "AZUREML_ENTRY_SCRIPT": options.entry_script and os.path.realpath(os.path.join(folder, options.entry_script)),
        "AZUREML_MODEL_DIR": options.model_dir,
        "AZUREML_CONFIG_FILE": options.config_file and os.path.realpath(os.path.join(folder, options.config_file)),
        "AML_CORS_ORIGINS": options.access_control_allow_origins,
        "WORKER_COUNT": options.worker_count and str(options.worker_count),
    }
    return {name: value for name, value in said.items() if value}


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError) as error:
        raise SettingInvalid(f"The configuration file {path} cannot be read: {error}.") from error
    if not isinstance(content, dict):
        raise SettingInvalid(f"The configuration file {path} must hold a JSON object, not {type(content).__name__}.")
    return content


def _typed(name: str, value: Any) -> Any:
    if name in WHOLE_NUMBERS or (name in OWN and type(OWN[name].default) is int):
        return _whole_number(name, value)
    if name in SWITCHES or (name in OWN and type(OWN[name].default) is bool):
        return _switch(name, value)
    if not isinstance(value, str):
        raise SettingInvalid(f"{name} is {value!r}; it must be a text (environment variable: {name}).")
    return value


def _whole_number(name: str, value: Any) -> int:
    try:
        number = int(value)
        exact = isinstance(value, str) or number == value
    except (TypeError, ValueError, OverflowError):
        exact = False
    if not exact:
        raise SettingInvalid(f"{name} is {value!r}; it must be a whole number (environment variable: {name}).")
    return number


def _switch(name: str, value: Any) -> bool:
    word = str(value).lower()
    if word not in TRUE + FALSE:
        raise SettingInvalid(f"{name} is {value!r}; it must be true or false (environment variable: {name}).")
    return word in TRUE
