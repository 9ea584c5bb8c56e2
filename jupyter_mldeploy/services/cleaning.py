"""What services and workspaces that are gone have left on this machine and its engine: found, and removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from ..disk import Home
from ..errors import MLDeployError, TargetUnavailable
from ..specs import Leftover
from ..targets import TARGETS, target


def leftovers(home: Home) -> Iterator[Leftover]:
    """All of it, target by target; one that cannot be reached has nothing to say."""
    for kind in TARGETS:
        with suppress(TargetUnavailable):
            yield from target(kind, home).leftovers()


def clean(home: Home, found: Iterable[Leftover]) -> Iterator[tuple[Leftover, str]]:
    """Remove what `leftovers` found, services first, since images are free once they are gone; each with the reason
    why it stays, if it does."""
    for leftover in sorted(found, key=lambda one: one.kind != "service"):
        try:
            target(leftover.target, home).discard(leftover)
        except MLDeployError as error:
            yield leftover, error.message
        else:
            yield leftover, ""
