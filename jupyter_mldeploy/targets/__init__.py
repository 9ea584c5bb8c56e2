"""Where a bundle runs: the Target Protocol and the table of targets, one file each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast

from ..disk import Home
from ..errors import TargetUnavailable, known
from ..specs import Address, Bundle, Handle, Json, Leftover, LogLine, Reply, Settings, State

# {"keys": [primary, secondary], "signing": […], "principals": […]}; never written anywhere but to 0600 files
Secrets = Mapping[str, Any]


class Target(Protocol):
    """Where a bundle runs. Keeps no state: what it needs later is in the Handle."""

    kind: ClassVar[str]

    def __init__(self, home: Home) -> None: ...

    def check(self, settings: Settings) -> None:
        """Before any work: is the tool there, may we, does it fit. Raises `TargetUnavailable` or `PortInUse`."""

    def render(self, bundle: Bundle, settings: Settings) -> Mapping[str, str]:
        """File name → text of what would be handed to the tool; pure: the same for the same input."""

    def prepare(self, bundle: Bundle, settings: Settings, say: Callable[[str], None]) -> None:
        """Make what takes long, such as an image, while what serves goes on serving; nothing where it is there."""

    def start(self, bundle: Bundle, settings: Settings, secrets: Secrets) -> Handle: ...

    def update(self, handle: Handle, bundle: Bundle, settings: Settings, secrets: Secrets) -> Handle:
        """Swap in a new bundle or new settings without a lost request; on failure the old one goes on serving."""

    def control(self, handle: Handle, message: Json) -> Sequence[Reply]:
        """Send a control message; one reply per replica."""

    def address(self, handle: Handle) -> Address: ...

    def state(self, handle: Handle) -> State:
        """Live, never from the record."""

    def logs(self, handle: Handle, follow: bool = False, previous: bool = False) -> Iterator[LogLine]: ...

    def stop(self, handle: Handle) -> None: ...

    def found(self) -> Iterable[Handle]:
        """What runs here and has no record: orphans to offer for cleaning."""

    def leftovers(self) -> Iterable[Leftover]:
        """These orphans, and whatever else is here that no service has any more."""

    def discard(self, leftover: Leftover) -> None:
        """Remove it; what is gone meanwhile is no error."""


TARGETS = {"process": ".process:ProcessTarget", "docker": ".docker:DockerTarget"}
VARIABLE = "MLDEPLOY_TARGET"
SOCKET = "/var/run/docker.sock"
GROUP = "jupyter_mldeploy.targets"  # entry points of third parties: name → class


def preferred(environ: Mapping[str, str] = os.environ) -> str:
    """Where services run that say nothing of it: what MLDEPLOY_TARGET names, else on a container engine that answers,
    else as processes."""
    if chosen := environ.get(VARIABLE):
        return chosen
    if environ.get("DOCKER_HOST") or Path(SOCKET).exists():  # asked of the file system first: most machines have none
        return "docker" if import_module(".containers.engine", __name__).answers() else "process"
    return "process"


def target(kind: str, home: Home) -> Target:
    """The target named `kind`, for services in `home`. Unknown: `TargetUnavailable` lists the known."""
    if kind in TARGETS:
        module, name = TARGETS[kind].split(":")
        return cast(Target, getattr(import_module(module, __name__), name)(home))
    foreign = {point.name: point for point in entry_points(group=GROUP)}
    if kind not in foreign:
        raise TargetUnavailable(f"No target named {kind!r}. {known('Targets', [*TARGETS, *foreign])}")
    return cast(Target, foreign[kind].load()(home))
