"""The command that removes what deleted services and workspaces have left."""

from __future__ import annotations

from argparse import Namespace

from .. import services
from ..cards import LeftoverTable
from ..errors import OperationFailed
from .commands import confirm, workspace


def clean(given: Namespace) -> None:
    """Show what is left over with its sizes, ask, and remove it."""
    home = workspace(given.workspace)._home
    found = LeftoverTable(services.leftovers(home))
    print(found)
    if given.dry_run or not found:
        return
    if not given.yes:
        confirm(f"This removes {len(found)} things", "Remove all of it?", "Nothing was removed.")
    stays = 0
    for leftover, why in services.clean(home, found):
        print(f"Kept {leftover.name}: {why}" if why else f"Removed {leftover.kind} {leftover.name}")
        stays += bool(why)
    if stays:
        raise OperationFailed(f"{stays} of {len(found)} could not be removed.")
