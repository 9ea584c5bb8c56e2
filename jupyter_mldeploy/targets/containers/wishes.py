"""What a service may wish of a container engine; every value checked before any work."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Any

from ...errors import InvalidInput
from ...image.dockerfiles import BASE
from ...specs import Settings

RESTARTS = ("no", "always", "unless-stopped", "on-failure")
VARIABLES = {"base_image": "MLDEPLOY_BASE_IMAGE", "wheelhouse": "MLDEPLOY_WHEELHOUSE", "publish": "MLDEPLOY_PUBLISH"}


@dataclass(frozen=True)
class Wishes:
    """`base_image` where the environment names none (`{python}` stands for the wanted version); `wheelhouse`: a
    folder of wheels to build from without a network; `gpus`: how many, -1 for all; `mounts`: folder of the engine's
    machine or volume → place in the container, `:ro` behind it for reading only; `log_bytes` and `log_files` bound
    what the engine keeps of the log; `publish`: the address of the engine's machine that callers come to, its loopback
    where it is left out."""

    base_image: str = BASE
    wheelhouse: str = ""
    gpus: int = 0
    mounts: Mapping[str, str] = field(default_factory=dict)
    restart: str = "always"  # also after an engine that died, which notes what ran as stopped by hand
    log_bytes: int = 16_777_216
    log_files: int = 5
    publish: str = ""


def read(given: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Wishes:
    """The wishes of a service; what it leaves out is as the machine's variables say. Raises `InvalidInput`."""
    names = [f.name for f in fields(Wishes)]
    if unknown := [name for name in given if name not in names]:
        raise InvalidInput(f"A container has no setting {', '.join(map(repr, unknown))}. It has: {', '.join(names)}.")
    machine = {name: environ[variable] for name, variable in VARIABLES.items() if environ.get(variable)}
    made = Wishes(**{**machine, **given})
    for found in filter(None, _problems(made)):
        raise InvalidInput(found)
    return made


def published(settings: Settings) -> Settings:
    """The settings with the address that the service is to be published at."""
    return replace(settings, host=read(settings.docker).publish or settings.host)


def _problems(made: Wishes) -> list[str]:
    kinds: dict[str, type] = dict.fromkeys(("base_image", "wheelhouse", "restart", "publish"), str)
    kinds |= dict.fromkeys(("gpus", "log_bytes", "log_files"), int)
    return [
        *(
            f"{name} is {getattr(made, name)!r}: it must be {'a text' if kind is str else 'a whole number'}."
            for name, kind in kinds.items()
            if not isinstance(getattr(made, name), kind) or isinstance(getattr(made, name), bool)
        ),
        "" if made.restart in RESTARTS else f"restart is {made.restart!r}: it must be one of {', '.join(RESTARTS)}.",
        "" if _is_address(made.publish) else f"publish is {made.publish!r}: give an IP address, such as '0.0.0.0'.",
        *(_mount(place, source) for source, place in made.mounts.items()),
    ]


def _is_address(text: object) -> bool:
    try:
        return not text or bool(ip_address(str(text)))
    except ValueError:
        return False


def _mount(place: str, source: str) -> str:
    """A sentence where this cannot be mounted."""
    if not isinstance(place, str) or not PurePosixPath(place.removesuffix(":ro")).is_absolute():
        return f"mounts puts {source!r} at {place!r}: a place in the container is a full path."
    if place.startswith(("/opt/", "/var/azureml-app")):
        return f"mounts puts {source!r} at {place!r}, where the service itself lies."
    return ""
