"""`mldeploy-server`: the scoring server alone, in the interpreter that runs it, with the options, variables and exit
codes of `azmlinfsrv`. It listens on loopback unless `--host` says otherwise."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

from . import SERVER_VERSION, security
from .front.config import Config, ConfigError, parse
from .front.main import run
from .settings import HEALTH_PORT, PORT, Options, SettingInvalid, Settings, settle

INVALID, FAILED = 1, 3
PASSED = ("AZUREML_MODEL_DIR", "AZUREML_DEBUG_PORT", "WORKER_COUNT")  # to the script, from wherever they came
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped; returns the exit code."""
    try:
        given = vars(_parser().parse_args(arguments))
    except SystemExit:  # a bad option and --help alike, as azmlinfsrv does
        return INVALID
    options = Options(**{name: value for name, value in given.items() if name != "rest"})
    if not (options.entry_script or options.config_file):
        print("Name the entry script by --entry_script, or a file that names it by --config_file.", file=sys.stderr)
        return INVALID
    try:
        settings = settle(options, os.environ, os.getcwd())
        config = configuration(options, settings)
    except (SettingInvalid, ConfigError) as error:
        print(f"Configuration error: {error}", file=sys.stderr)
        return FAILED
    _announce(options, settings, "https" if config.tls else "http")
    return run(config)


def configuration(options: Options, settings: Settings) -> Config:
    """What the front is told."""
    root = os.path.abspath(settings.text("AML_APP_ROOT"))
    app = {
        "root": root,
        "python": sys.executable,
        "entry_script": settings.text("AZUREML_ENTRY_SCRIPT") or "main.py",
        "source_directory": settings.text("AZUREML_SOURCE_DIRECTORY") or None,
        "environment": _environment(options, settings, root),
    }
    return parse(
        {
            "name": settings.text("SERVICE_NAME", "ML service"),
            "version": settings.text("SERVICE_VERSION", "1.0"),
            "path_prefix": settings.text("SERVICE_PATH_PREFIX"),
            "host": options.host,
            "port": options.port,
            "health_port": _health_port(options, settings),
            "workers": settings.number("WORKER_COUNT", 1),
            "settings": {
                "scoring_timeout_ms": settings.timeout_ms(),
                "cors_origins": settings.text("AML_CORS_ORIGINS"),
                "version_header": settings.text("SERVER_VERSION_LOG_RESPONSE_ENABLED", "true").lower() == "true",
                **settings.own(),
            },
            "app": app,
            **security.read(options.security),
        }
    )


def _environment(options: Options, settings: Settings, root: str) -> dict[str, str]:
    """What the script finds set. Workers run in the app root, so a relative model folder that was meant from another
    folder becomes absolute, and modules of the current folder stay importable."""
    here = os.getcwd()
    health = _health_port(options, settings) or options.port
    found = {"SERVER_PORT": str(options.port), "HEALTH_PORT": str(health)}
    found |= {name: settings.text(name) for name in PASSED if name in settings.values}
    if options.config_file:
        found["AZUREML_CONFIG_FILE"] = settings.text("AZUREML_CONFIG_FILE")
    if options.model_dir and root != os.path.abspath(here):
        found["AZUREML_MODEL_DIR"] = os.path.abspath(options.model_dir)
    paths = [] if root == os.path.abspath(here) else [here]
    paths += filter(None, [os.environ.get("PYTHONPATH")])
    return found | ({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})


def _health_port(options: Options, settings: Settings) -> int | None:
    """The second port, only where it is switched on (the variable is spelled so) and another one than the first."""
    port = options.health_port or HEALTH_PORT
    wanted = settings.text("SEPERATE_HEALTH_ENDPOINT") == "true"
    return port if wanted and port != options.port else None


def _announce(options: Options, settings: Settings, scheme: str) -> None:
    shown = f"[{options.host}]" if ":" in options.host else options.host
    lines = [
        SERVER_VERSION,
        f"  entry script   {settings.text('AZUREML_ENTRY_SCRIPT') or 'main.py'}",
        f"  model folder   {settings.text('AZUREML_MODEL_DIR') or 'not set (--model_dir sets AZUREML_MODEL_DIR)'}",
        f"  workers        {settings.number('WORKER_COUNT', 1)}",
        f"  health         GET  {scheme}://{shown}:{_health_port(options, settings) or options.port}/",
        f"  scoring        POST {scheme}://{shown}:{options.port}/score",
        *settings.notices,
        *_not_served(options, settings),
    ]
    print("\n".join(lines), flush=True)


def _not_served(options: Options, settings: Settings) -> list[str]:
    """One line for each thing that azmlinfsrv does and this server does not, where it was asked for."""
    lines = []
    key = options.appinsights_instrumentation_key or settings.text("AML_APP_INSIGHTS_KEY")
    if key and not UUID.fullmatch(key):
        lines.append("The Application Insights key is no UUID, and is ignored.")
    elif key:
        lines.append("Nothing is sent to Application Insights: this server reports to its own log only.")
    return lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("mldeploy-server", description="Serve an entry script over HTTP.")
    add: Any = parser.add_argument
    add("--entry_script", help="path of the entry script, with init() and run(raw_data)")
    add("--model_dir", help="folder of the models; the script finds it in AZUREML_MODEL_DIR")
    add("--host", default=Options.host, help="address to listen on (default: %(default)s; 0.0.0.0 for all)")
    add("--port", type=_port, default=PORT, help="port to listen on (default: %(default)s)")
    add("--health_port", type=_port, help="second port, with SEPERATE_HEALTH_ENDPOINT=true (default: 5000)")
    add("--worker_count", type=_worker_count, help="number of worker processes (default: 1)")
    add("--appinsights_instrumentation_key", help="accepted for azmlinfsrv's sake; nothing is sent")
    add("--access_control_allow_origins", help="origins that browsers may call from, separated by commas")
    add("--config_file", help="JSON file of settings, by the names of the environment variables")
    add("--security", help="JSON file of auth, secrets, tls and oidc: who may call, and the certificate (see README)")
    add("--rest", action="store_true", help=argparse.SUPPRESS)
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is no port; ports are 1 to 65535.")
    return port


def _worker_count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{count} workers cannot serve; give at least 1.")
    return count


if __name__ == "__main__":
    sys.exit(main())
