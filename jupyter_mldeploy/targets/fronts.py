"""What every target shares that runs a front: what the front is told, its log, and its end in words."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from .. import bundle as bundles
from ..errors import FileMissing, InvalidInput
from ..server.front.checking import ConfigError
from ..server.front.config import Settings as FrontSettings
from ..server.front.config import parse_issuer, parse_settings, parse_tls
from ..specs import Bundle, Json, LogLine, Settings, State

PHASES: Mapping[str, str] = {"starting": "Starting", "serving": "Healthy", "failed": "Failed", "draining": "Stopped"}
# v1's limits of a replica, and what they are called here.
LIMITS = {"replica_max_concurrent_requests": "max_concurrent", "max_request_wait_time": "max_wait_ms"}
AUTOSCALE = {
    "autoscale_max_replicas": "autoscale_max",
    "autoscale_min_replicas": "autoscale_min",
    "autoscale_target_utilization": "autoscale_utilization",
    "autoscale_refresh_seconds": "autoscale_seconds",
}


def check(settings: Settings) -> None:
    """Raise `InvalidInput` or `FileMissing` for what a front would refuse, before any work."""
    if settings.workers < 1:
        raise InvalidInput(f"A service needs at least one worker, not {settings.workers}.")
    try:
        _, unknown = parse_settings(dict(settings.server))
        parse_issuer(dict(settings.oidc) or None)
        if settings.tls is not None:
            _check_files(settings)
    except ConfigError as error:
        raise InvalidInput(str(error)) from error
    if unknown:
        known = ", ".join(field.name for field in fields(FrontSettings))
        raise InvalidInput(f"The scoring server has no setting {', '.join(map(repr, unknown))}. It has: {known}.")
    if settings.oidc and settings.auth != "token":
        raise InvalidInput(
            f"oidc says whose tokens are taken, and auth is {settings.auth!r}. Switch token authentication on too."
        )


def configuration(settings: Settings, app: Json) -> dict[str, Any]:
    """The part of a front's configuration that is the same wherever it runs."""
    return {
        "protocol": 1,
        "name": settings.service,
        "version": "1.0",
        "path_prefix": "",
        "aliases": [f"/api/v1/service/{settings.service}"],
        "host": settings.host,
        "workers": settings.workers,
        "auth": settings.auth,
        "settings": {
            "scoring_timeout_ms": settings.scoring_timeout_ms,
            **{ours: settings.limits[name] for name, ours in _limits(settings).items() if settings.limits.get(name)},
            **({"request_log": True} if settings.limits.get("enable_app_insights") else {}),
            **settings.server,
        },
        "app": app,
        **({"lane": settings.version} if settings.version else {}),
        **({"tls": _files(settings)} if settings.tls else {}),
        **({"oidc": dict(settings.oidc)} if settings.oidc else {}),
    }


def reload(rendered: Mapping[str, Any]) -> dict[str, Any]:
    """The control message that makes a running front what `rendered` says; what that leaves out is as by default."""
    message = {"v": 1, "op": "reload", **{key: rendered[key] for key in ("app", "workers", "auth")}}
    message["version"] = rendered.get("lane", "")
    settings = asdict(FrontSettings()) | rendered["settings"]
    return message | {"settings": settings, "tls": rendered.get("tls"), "oidc": rendered.get("oidc")}


def app(bundle: Bundle, root: Path, python: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """What the front's workers run: the bundle unfolded at `root`, by the interpreter `python`."""
    made = bundles.manifest(bundle)
    own = {"AZUREML_MODEL_DIR": str(root / made["model_dir"])} if made["models"] else {}
    return {
        "root": str(root),
        "python": python,
        "entry_script": made["entry_script"],
        "source_directory": made["source_directory"],
        "environment": {**variables, **own, **made["environment"]["variables"]},
        **({"batch": True} if made.get("batch") else {}),
    }


def log_line(raw: bytes) -> LogLine:
    """A line of a front's log; what `request_log` adds to one stands behind its text."""
    line = msgspec.json.decode(raw, type=dict[str, Any])
    text = line["x"] + (f" {json.dumps(line['request'])}" if "request" in line else "")
    return LogLine(line["t"], line["s"], text, replica=str(line["w"] or ""), request=line["r"])


def live_state(status: Mapping[str, Any]) -> State:
    """The state that a front's answer to `status` stands for."""
    phase, lacking = PHASES.get(str(status.get("phase")), "Unhealthy"), _lacking(status)
    return msgspec.convert(
        {
            "phase": "Unhealthy" if phase == "Healthy" and (lacking or not status["ready"]) else phase,
            "reason": status.get("reason") or lacking,
            "traceback": status.get("traceback") or "",
            "workers": status["wanted"],
            "ready": status["ready"],
        },
        State,
    )


def last_words(outcome: Mapping[str, Any], output: str) -> State:
    """The state of a front that is gone, by what it wrote of its own end, or else by what it printed last."""
    reason = str(outcome.get("reason") or "")
    if outcome.get("phase") == "failed":
        return State("Failed", reason, traceback=str(outcome.get("traceback") or ""))
    if outcome.get("phase") == "stopped":
        return State("Stopped", reason or "it was stopped; restart it")
    if outcome.get("phase") != "serving":
        return State("Failed", f"The front ended before it served.{output}")
    return State("Unhealthy", "The front process has died; restart it.")


def collecting(settings: Settings) -> dict[str, str]:
    """The variable that switches the collector of model data, where the deployment says which way."""
    asked = settings.limits.get("collect_model_data")
    return {} if asked is None else {"AML_MODEL_DC_STORAGE_ENABLED": str(asked).lower()}


def _limits(settings: Settings) -> dict[str, str]:
    return {**LIMITS, **(AUTOSCALE if settings.limits.get("autoscale_enabled") else {})}


def _lacking(status: Mapping[str, Any]) -> str:
    """Which versions get requests and have no worker to run them."""
    versions = status.get("versions", {}).items()
    lacking = [f"version {name!r}: {one['reason']}" for name, one in versions if one["share"] and not one["ready"]]
    return "; ".join(lacking) if len(versions) > 1 else ""


def _files(settings: Settings) -> dict[str, str]:
    return {"certificate": settings.tls.certificate, "key": settings.tls.key} if settings.tls else {}


def _check_files(settings: Settings) -> None:
    """That certificate and key are there, can be read, and belong together."""
    for what, path in _files(settings).items():
        if not Path(path).is_absolute():
            raise InvalidInput(f"The {what} {path!r} is no full path, and services have no current folder.")
        if not Path(path).is_file():
            raise FileMissing(f"There is no {what} at {path}.")
        if not os.access(path, os.R_OK):
            raise InvalidInput(f"The {what} {path} cannot be read: you lack the permission.")
    # Named late: ssl takes a fiftieth of a second, which only services with TLS should pay.
    import_module("..server.front.tls", __package__).Certificate(parse_tls(_files(settings)))
