"""What lies on an engine of services and workspaces that are gone, and images that nothing is started from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from ...disk import Home, read_json
from ...image.dockerfiles import LABEL
from ...specs import Handle, Leftover, ServiceRecord
from . import engine, images, running

STAGES = f"{LABEL}.stage"
GONE = "its service or workspace was deleted"


@dataclass
class Leftovers:
    """The engine as it is now, seen from one workspace. Sizes in bytes are of what an image shares with no other."""

    client: Any
    home: Home

    def __iter__(self) -> Iterator[Leftover]:
        going = {str(handle.data["volume"]): handle for handle in self._orphans}
        for volume, handle in going.items():
            size = sum(int(one.get("SizeRw") or 0) for one in self._containers if _volume(one) == volume)
            size += sum(self._volumes.get(name, 0) for name in (volume, f"{volume}-secrets"))
            data = msgspec.to_builtins(handle)
            yield Leftover("docker", "service", str(handle.data["service"]), GONE, size, data)
        for one in self.client.volumes.list(filters={"label": f"{LABEL}.service"}):
            alone = one.name.removesuffix("-secrets") not in going
            if alone and running.is_orphan(one.attrs.get("Labels") or {}, self.home):
                yield Leftover("docker", "volume", one.name, GONE, self._volumes.get(one.name, 0))
        yield from self._images()

    def _images(self) -> Iterator[Leftover]:
        used = self._used()
        stages = 0
        for seen in self._seen["Images"] or ():
            named = [name.removeprefix("localhost/") for name in seen.get("RepoTags") or ()]  # Podman's word for none
            names = [name for name in named if name.startswith(f"{images.NAME}:")]
            size = max(int(seen["Size"]) - max(int(seen.get("SharedSize") or 0), 0), 0)
            if names and seen["Id"] not in used and not set(names) & used:
                yield Leftover("docker", "image", names[0], "no service is started from it", size)
            if STAGES in (seen.get("Labels") or {}):
                stages += size
        if self.client.api.images(filters={"dangling": True, "label": STAGES}, quiet=True):
            yield Leftover(
                "docker",
                "build cache",
                STAGES,
                "of earlier builds; without it the next new environment takes longer",
                stages,
            )

    def _used(self) -> set[str]:
        """Ids and names of the images that containers have, orphans apart, and that services of here are made of."""
        going = {str(handle.data["volume"]) for handle in self._orphans}
        there = {str(one["ImageID"]) for one in self._containers if _volume(one) not in going}
        for path in self.home.services.glob("*/record.json"):
            handle = read_json(path, ServiceRecord).handle
            if handle is not None and handle.target == "docker":
                there.add(str(handle.data["image"]))
        return there

    @cached_property
    def _orphans(self) -> list[Handle]:
        return list(running.orphans(self.client, self.home))

    @cached_property
    def _seen(self) -> Mapping[str, Any]:
        return dict(self.client.df())

    @cached_property
    def _volumes(self) -> dict[str, int]:
        found = {one["Name"]: (one.get("UsageData") or {}).get("Size", 0) for one in self._seen["Volumes"] or ()}
        return {name: max(int(size), 0) for name, size in found.items()}

    @property
    def _containers(self) -> list[dict[str, Any]]:
        return list(self._seen["Containers"] or ())


def discard(client: Any, leftover: Leftover) -> None:
    """Remove a volume, an image or the stages of earlier builds; what has gone meanwhile, or is used again, stays."""
    with engine.unless_gone():
        if leftover.kind == "volume":
            client.api.remove_volume(leftover.name)
        elif leftover.kind == "image":
            client.images.remove(leftover.name)
        elif leftover.kind == "build cache":
            client.images.prune({"dangling": True, "label": STAGES})


def _volume(container: Mapping[str, Any]) -> str:
    return str((container.get("Labels") or {}).get(f"{LABEL}.volume", ""))
