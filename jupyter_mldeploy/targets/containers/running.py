"""How a container of ours is told apart and configured: its front, its labels, its limits."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from ... import bundle as bundles
from ... import image
from ...disk import Home, locked, write_bytes
from ...image.dockerfiles import LABEL
from ...server import legacy
from ...specs import Bundle, Handle, Settings
from .. import fronts
from . import engine, podman, volumes
from .wishes import Wishes

SOCKET = "/run/mldeploy/s"
FRONT_ROLE, DOOR_ROLE = "front", "door"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
FRONT = f"{image.SERVER}/venv/bin/python"
CTL = f"{image.SERVER}/mldeploy_server/ctl.py"


def configuration(bundle: Bundle, settings: Settings, root: str, run: str, stamp: str = "") -> dict[str, Any]:
    """What the front in a container is told; everything in it is a place inside."""
    inside = replace(settings, host="0.0.0.0", tls=volumes.inside(settings, stamp))  # noqa: S104 - in a container
    variables = _variables(settings) | image.variables_inside(bundles.lock_of(bundle))
    app = fronts.app(bundle, Path(image.APP / root), image.PYTHON, variables)
    made = fronts.configuration(inside, app)
    return made | {
        "port": image.PORT,
        "control": SOCKET,
        "door": str(image.APP / ".run" / run / "door"),
        "outcome": str(outcome(run)),
        "secrets": str(volumes.SECRETS / "secrets.json"),
        "log": "/dev/stdout",
        # The engine bounds its own log.
        "settings": {**made["settings"], "log_bytes": 0},
    }


def outcome(run: str) -> PurePosixPath:
    """Where a front writes what becomes of it."""
    return image.APP / ".run" / run / "outcome.json"


def command(client: Any, run: str) -> list[str]:
    usual = [FRONT, "-m", "mldeploy_server", str(image.APP / ".run" / run / "front.json")]
    return podman.command(client, str(outcome(run)), usual)


def limits(settings: Settings) -> dict[str, Any]:
    """Cpu and memory, as the engine's calls to create and to update take them."""
    held: dict[str, Any] = {}
    if settings.cpu:
        held |= {"cpu_period": 100_000, "cpu_quota": max(int(settings.cpu * 100_000) * replicas(settings), 1_000)}
    if settings.memory_gb:
        size = int(settings.memory_gb * 1e9) * replicas(settings)
        held |= {"mem_limit": size, "memswap_limit": size}
    return held


def replicas(settings: Settings) -> int:
    """How many workers may share what is given: cpu and memory are meant for each (v1 SDK)."""
    most = settings.limits.get("autoscale_max_replicas") if settings.limits.get("autoscale_enabled") else 0
    return max(settings.workers, int(most or 0))


def confined(client: Any, wish: Wishes) -> dict[str, Any]:
    """How the engine is to run every container of ours: nothing writable but its volumes, and no privileges."""
    rotation = {"max-size": str(wish.log_bytes), "max-file": str(wish.log_files)} if wish.log_bytes else {}
    return {
        "read_only": True,
        "init": client.info().get("InitCommit", {}).get("ID") not in (None, "", "N/A"),
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "log_config": {"Type": "json-file", "Config": rotation},
        **podman.restart(client, wish),
    }


def host(client: Any, settings: Settings, wish: Wishes) -> dict[str, Any]:
    """How the engine is to run the container of a front: with two small folders of memory, held to its limits."""
    podman.check(client, wish)
    # Podman's has no owner; the container's user is alone in there.
    own = "mode=1777" if engine.is_podman(client) else f"mode=0700,uid={image.USER},gid={image.USER}"
    devices = [{"Driver": "", "Count": wish.gpus, "Capabilities": [["gpu"]]}] if wish.gpus else None
    return {
        **confined(client, wish),
        "tmpfs": {"/tmp": "mode=1777", "/run/mldeploy": own},  # noqa: S108 - the container's
        "device_requests": devices,
        **limits(settings),
    }


def health(settings: Settings) -> dict[str, Any]:
    """How the engine asks whether the service lives: by the address that callers use."""
    scheme, more = ("https", ", context=ssl._create_unverified_context()") if settings.tls else ("http", "")
    code = f"import ssl, urllib.request as r; r.urlopen('{scheme}://127.0.0.1:{image.PORT}/', timeout=5{more})"
    return {"test": ["CMD", FRONT, "-c", code], "start_period": 60_000_000_000}


def labels(home: Home, handle: Handle, role: str) -> dict[str, str]:
    """By which a container is found again, what it is to its service, and its handle."""
    own = {
        "service": str(handle.data["service"]),
        "workspace": workspace(home),
        "home": str(home.path),
        "machine": platform.node(),
        "volume": str(handle.data["volume"]),
        "role": role,
        "handle": msgspec.json.encode(handle).decode(),
    }
    return {f"{LABEL}.{name}": value for name, value in own.items()}


def orphans(client: Any, home: Home) -> Iterator[Handle]:
    """Services whose containers no record knows: of this workspace, or of one whose folder is gone."""
    found: dict[str, Any] = {}  # by volume; of a front rather than of a door, as the newest front says most
    for container in client.containers.list(all=True, ignore_removed=True, filters={"label": f"{LABEL}.handle"}):
        if is_orphan(container.labels, home):
            known = found.setdefault(container.labels.get(f"{LABEL}.volume", ""), container)
            found[container.labels.get(f"{LABEL}.volume", "")] = max(known, container, key=_says_most)
    for container in found.values():
        yield msgspec.json.decode(container.labels[f"{LABEL}.handle"], type=Handle)


def is_orphan(labels: Mapping[str, str], home: Home) -> bool:
    """Whether what is labelled so belongs to a service that was deleted, or to a workspace that is gone."""
    said = {name: labels.get(f"{LABEL}.{name}", "") for name in ("service", "workspace", "home", "machine")}
    if said["workspace"] == workspace(home):
        return not (home.service(said["service"]) / "record.json").exists()
    return said["machine"] == platform.node() and not Path(said["home"]).exists()


def _says_most(container: Any) -> tuple[bool, str]:
    return container.labels.get(f"{LABEL}.role") == FRONT_ROLE, str(container.attrs["Created"])


def workspace(home: Home) -> str:
    """What tells this workspace's containers from others', wherever its folder is moved to."""
    place = identity(home)
    if not place.exists():
        with locked(home.path / ".engine-id.lock"):
            if not place.exists():
                write_bytes(place, secrets.token_hex(4).encode())
    return place.read_text().strip()


def identity(home: Home) -> Path:
    """The file that a workspace is told apart by."""
    return home.path / "engine-id"


def copied_from(home: Home, containers: Iterable[Any]) -> str:
    """The folder of the workspace that made these containers, where it is still there beside its copy, `home`."""
    for container in containers:
        other = Home(Path(container.labels.get(f"{LABEL}.home", "")))
        here = container.labels.get(f"{LABEL}.machine") == platform.node() and identity(other).exists()
        if here and not identity(other).samefile(identity(home)) and workspace(other) == workspace(home):
            return str(other.path)
    return ""


def shown(settings: Settings) -> dict[str, str] | None:
    """What callers on this machine need to know of the certificate."""
    return {"certificate": settings.tls.certificate, "name": settings.tls.name} if settings.tls else None


def _variables(settings: Settings) -> dict[str, str]:
    """What workers get from where they run: their share of the cores, the place of collected model data."""
    cores = int(settings.cpu or 0)
    threads = dict.fromkeys(THREADS, str(cores)) if cores else {}
    own = {"SERVICE_NAME": settings.service, "MLDEPLOY_MODELDATA": str(image.APP / "modeldata")}
    own[legacy.VARIABLE] = str(legacy.wanted()).lower()
    return threads | own | fronts.collecting(settings)
