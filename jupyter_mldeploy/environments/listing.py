"""The `environment.yml` of a bundle: an EnvironmentSpec as conda's own file format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from ..specs import EnvironmentSpec

_PLAIN = re.compile(r"[A-Za-z][\w.\-]*([=<>!~]=?[\w.*,<>=!~]+)?$")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def text(spec: EnvironmentSpec) -> str:
    """`spec` as the text of a conda environment file; the same for the same spec. Variables are left out: they belong
    to the service, and may be private."""
    python = f"python{'' if spec.python[:1] in '<>=!~' else '='}{spec.python}" if spec.python else "python"
    pip = [*spec.pip_options, *spec.pip]
    asks_pip = any(re.match(r"pip($|[^\w.\-])", line) for line in spec.conda)
    lines = [f"name: {_scalar(spec.name)}"]
    if spec.channels:
        lines += ["channels:", *_items(spec.channels)]
    lines += ["dependencies:", *_items([python, *spec.conda])]
    if pip:
        lines += [*([] if asks_pip else ["- pip"]), "- pip:", *(f"  {item}" for item in _items(pip))]
    return "\n".join(lines) + "\n"


def _items(values: Iterable[str]) -> list[str]:
    return [f"- {_scalar(value)}" for value in values]


def _scalar(value: str) -> str:
    """Plain when YAML would read it back as the same text, else quoted."""
    plain = _PLAIN.match(value) is not None and value.lower() not in _WORDS
    return value if plain else json.dumps(value, ensure_ascii=False)
