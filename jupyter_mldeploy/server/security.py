"""The file behind `mldeploy-server --security`: who may call the server, by which secrets, and its certificate."""

from __future__ import annotations

import os
from typing import Any

from .front.checking import ConfigError, read_json

NAMES = ("auth", "secrets", "tls", "oidc")


def read(path: str | None) -> dict[str, Any]:
    """What the file says, for the front's configuration; its paths are relative to it. Nothing without a file."""
    if path is None:
        return {}
    content = read_json(path, "security file")
    if not isinstance(content, dict) or content.keys() - set(NAMES):
        raise ConfigError(f"The security file {path} must be a JSON object of: {', '.join(NAMES)}.")
    folder = os.path.dirname(os.path.abspath(path))
    if isinstance(content.get("secrets"), str):
        content["secrets"] = os.path.join(folder, content["secrets"])
    if isinstance(content.get("tls"), dict):
        content["tls"] = {n: os.path.join(folder, v) if isinstance(v, str) else v for n, v in content["tls"].items()}
    return content
