"""One service's containers and volumes on an engine, and what is done with them."""

from __future__ import annotations

import hashlib
import json
import secrets as tokens
import tarfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from ... import image
from ...disk import Home
from ...errors import NameTaken, OperationFailed, ServiceUnreachable
from ...image.dockerfiles import LABEL
from ...specs import Bundle, Handle, Settings, State
from .. import Secrets, fronts
from . import doors, engine, inside, logs, running, volumes, wishes

PLAIN = {"v", "op", "seconds", "workers", "version"}  # messages of these alone hold no secret
TURN_LIMIT = 10.0  # seconds that the port may take from one container to the next
ATTEMPTS = 5  # to read a file that is written anew again and again
FAREWELL = 3.0  # seconds that a container which is done has to end, while somebody waits for it
TAIL = 10  # lines of the output of a front that ended before it served


@dataclass(frozen=True)
class Service:
    """The containers and volumes of one service of a workspace."""

    client: Any
    home: Home
    name: str

    @property
    def folder(self) -> Path:
        return self.home.service(self.name)

    @staticmethod
    def stamp() -> str:
        """A number that no app folder of the service has yet."""
        return str(time.time_ns() // 1000)

    def shape(self, settings: Settings) -> str:
        """What of the settings only a new container can change: in Podman, cpu and memory too."""
        held = running.limits(settings) if engine.is_podman(self.client) else {}
        fixed = [settings.host, wishes.read(settings.docker), settings.tls is not None, held]
        return hashlib.sha256(msgspec.json.encode(fixed)).hexdigest()[:16]

    def handle(self, bundle: Bundle, settings: Settings, tag: str, port: int) -> Handle:
        """The handle of a container that is still to be made."""
        place, run = f"mldeploy-{self.name}-{running.workspace(self.home)}", self.stamp()
        data: dict[str, Any] = {
            "service": self.name,
            "container": f"{place}-{run}",
            "door": f"{place}-{run}-door",
            "volume": place,
            "run": run,
            "image": tag,
        }
        data |= {
            "host": settings.host,
            "port": port,
            "shape": self.shape(settings),
            "models": volumes.models(bundle),
        }
        data["restart"] = wishes.read(settings.docker).restart
        return Handle("docker", data | {"tls": running.shown(settings), "time": time.time()})

    def run(self, handle: Handle, bundle: Bundle, settings: Settings, secrets: Secrets) -> Handle:
        """Make the container with its volumes, fill these, and start it; with a door of its own, if there is none."""
        with engine.translated(f"start service {self.name!r}"):
            self._create(handle, settings)
            root = stamp = str(handle.data["run"])
            laid = volumes.app(bundle, root, ())
            volumes.front(laid, root, running.configuration(bundle, settings, root, root, stamp))
            if first := engine.found(self.client.containers.get, handle.data["door"]) is None:
                doors.lay(laid, str(handle.data["door"]), root)
            self.send(handle, image.APP, laid)
            self.send(handle, volumes.SECRETS, volumes.secrets(secrets, settings.tls, stamp))
            if first:
                self._create_door(handle, settings)
            started = [handle.data["door"], handle.data["container"]] if first else [handle.data["container"]]
            with ThreadPoolExecutor() as threads:  # each takes a quarter of a second, most of it waiting
                list(threads.map(self.client.api.start, started))
        return handle

    def _create(self, handle: Handle, settings: Settings) -> None:
        wish, api = wishes.read(settings.docker), self.client.api
        volume = str(handle.data["volume"])
        own = {f"{volume}": str(image.APP), f"{volume}-secrets": str(volumes.SECRETS)}
        labels = running.labels(self.home, handle, running.FRONT_ROLE)
        for name in own:
            api.create_volume(name, labels={k: v for k, v in labels.items() if not k.endswith(".handle")})
        binds = [f"{source}:{place}" for source, place in (own | dict(wish.mounts)).items()]
        api.create_container(
            handle.data["image"],
            command=running.command(self.client, str(handle.data["run"])),
            name=handle.data["container"],
            hostname=self.name,
            labels=labels,
            healthcheck=running.health(settings),
            host_config=api.create_host_config(binds=binds, **running.host(self.client, settings, wish)),
        )

    def _create_door(self, handle: Handle, settings: Settings) -> None:
        labels = running.labels(self.home, handle, running.DOOR_ROLE)
        doors.create(self.client, handle, wishes.read(settings.docker), labels)

    def open_door(self, handle: Handle, settings: Settings) -> None:
        """Make or start the container that has the port, should somebody have removed or stopped it."""
        found = engine.found(self.client.containers.get, str(handle.data["door"]))
        with engine.translated(f"open the port of service {self.name!r}"):
            if found is None:
                self._create_door(handle, settings)
            if found is None or not found.attrs["State"]["Running"]:
                self.client.api.start(handle.data["door"])
            if found is None:
                self.keep(handle)

    def swap(
        self, handle: Handle, bundle: Bundle, settings: Settings, secrets: Secrets, limit: float
    ) -> dict[str, Any]:
        """Lay bundle, settings and secrets into the running container and have its front take them up; its answer."""
        root = stamp = self.stamp()
        run, name = str(handle.data["run"]), f"{tokens.token_hex(8)}.json"
        configuration = running.configuration(bundle, settings, root, run, stamp)
        laid = volumes.app(bundle, root, handle.data["models"])
        volumes.front(laid, run, configuration, "front.json.new")
        self.send(handle, image.APP, laid)
        hidden = volumes.secrets(self.known_secrets(handle) | dict(secrets), settings.tls, stamp)
        reload = fronts.reload(configuration) | {"timeout": limit}
        hidden.text(
            PurePosixPath(volumes.INBOX, name),
            json.dumps([*([{"op": "keys", **secrets}] if secrets else []), reload]),
            0o400,
        )
        self.send(handle, volumes.SECRETS, hidden)
        config = image.APP / ".run" / run / "front.json"
        arguments = [running.SOCKET, volumes.SECRETS / volumes.INBOX / name, limit + 5, config, image.APP]
        said = self.execute(handle, [running.FRONT, "-c", inside.SWAP, *map(str, arguments)])
        return self._answer(said)

    def send(self, handle: Handle, place: PurePosixPath, archive: volumes.Archive) -> None:
        with archive.close() as file:
            self.client.api.put_archive(handle.data["container"], str(place), file)

    def read(self, handle: Handle, place: PurePosixPath) -> bytes:
        """A file in the container, which may be dead; empty when it is not there."""
        for _ in range(ATTEMPTS):
            try:
                pieces, _ = self.client.api.get_archive(handle.data["container"], str(place))
                return volumes.first_file(b"".join(pieces))
            except engine.refused():
                return b""
            except tarfile.ReadError:  # the file was exchanged at that moment (Podman)
                continue
        raise ServiceUnreachable(f"{place.name} of service {self.name!r} cannot be read: its engine sends no archive.")

    def known_secrets(self, handle: Handle) -> dict[str, Any]:
        """The secrets that the front was started with, or was told last."""
        return dict(json.loads(self.read(handle, volumes.SECRETS / "secrets.json") or b"{}"))

    def told(self, handle: Handle, message: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """The front's answer to a control message. Raises `ServiceUnreachable` where none comes."""
        text = json.dumps(dict(message))
        if not PLAIN.issuperset(message):
            name = f"{tokens.token_hex(8)}.json"
            self.send(handle, volumes.SECRETS, volumes.message(name, message))
            text = f"@{volumes.SECRETS / volumes.INBOX / name}"
        command = [running.FRONT, running.CTL, running.SOCKET, text, str(timeout)]
        answer = self._answer(self.execute(handle, command))
        if answer.get("silent"):
            raise ServiceUnreachable(f"{self._silent} ({answer['error']})")
        return answer

    def _answer(self, said: str) -> dict[str, Any]:
        """What was printed last."""
        try:
            return dict(json.loads(said.strip().splitlines()[-1]))
        except (ValueError, IndexError) as error:
            raise ServiceUnreachable(f"{self._silent} {said[-300:]}".strip()) from error

    @property
    def _silent(self) -> str:
        return f"The front of service {self.name!r} does not answer: look at its state and logs, or restart it."

    def execute(self, handle: Handle, command: list[str]) -> str:
        """Run a command in the container and return what it prints."""
        api = self.client.api
        try:
            made = api.exec_create(handle.data["container"], command, stderr=False)
            return str(api.exec_start(made["Id"]).decode(errors="replace"))
        except engine.refused() as error:  # it does not run, or is gone
            raise ServiceUnreachable(f"{self._silent} ({error})") from error

    def container(self, handle: Handle) -> Any:
        """The container, or None when it is gone."""
        return engine.found(self.client.containers.get, str(handle.data["container"]))

    def state(self, handle: Handle) -> State:
        found = self.container(handle)
        if found is None:
            return State("Stopped", "its container is gone; restart the service")
        seen = found.attrs["State"]
        if seen.get("Paused"):
            return State("Unhealthy", f"its container is paused: docker unpause {found.name}")
        if seen["Running"]:
            try:
                status = self.told(handle, {"v": 1, "op": "status"}, 5.0)
                shut = "" if status.get("handed") else doors.why_shut(self.client, str(handle.data["door"]))
                return State("Unhealthy", shut) if shut else fronts.live_state(status)
            except ServiceUnreachable:
                return self._ended(handle, found, "Starting")
        if seen.get("OOMKilled"):
            return State("Unhealthy", "its container ran out of memory and was ended; give it more, then restart it")
        return self._ended(handle, found, "")

    def _ended(self, handle: Handle, found: Any, alive: str) -> State:
        outcome = json.loads(self.read(handle, running.outcome(str(handle.data["run"]))) or b"{}")
        if alive and outcome.get("phase") not in ("failed", "stopped"):
            return State("Starting", "its front is starting")
        if found.attrs["State"].get("Error"):
            return State("Failed", str(found.attrs["State"]["Error"]))
        output = "\n".join(line.text for line in [*logs.lines(found)][-TAIL:]) if not outcome.get("reason") else ""
        return fronts.last_words(outcome, f"\n{output}" if output else "")

    def keep(self, handle: Handle) -> None:
        """Now that it serves, the engine shall keep it so; before, a failing `init()` would be run again and again."""
        wish = str(handle.data["restart"])
        if wish != "no" and not engine.is_podman(self.client):
            for name in (handle.data["container"], handle.data["door"]):
                self.client.api.update_container(name, restart_policy={"Name": wish})

    def limit(self, handle: Handle, settings: Settings) -> None:
        """Cpu and memory as the settings say, in the running container."""
        held = running.limits(settings)
        if held and not engine.is_podman(self.client):
            self.client.api.update_container(handle.data["container"], **held)

    def clear_dead(self) -> int:
        """Remove what earlier containers left; returns the port of the last one. Raises `NameTaken` in a copy of the
        workspace that has them."""
        port = 0
        if owner := running.copied_from(self.home, self._all("")):
            raise NameTaken(
                f"The container of service {self.name!r} belongs to the workspace at {owner}, of which this one is a "
                f"copy. Have it count as another: rm {running.identity(self.home)}, then deploy again."
            )
        for container in sorted(self._all(""), key=lambda one: str(one.attrs["Created"])):
            known = msgspec.json.decode(container.labels[f"{LABEL}.handle"], type=Handle)
            port = int(known.data["port"])
            self.remove(known, patience=1)
            self.remove_door(known)
        return port

    def _all(self, role: str = f"={running.FRONT_ROLE}") -> list[Any]:
        """Its containers of this role or, with an empty one, of any; in whatever state."""
        mine = [f"{LABEL}.service={self.name}", f"{LABEL}.workspace={running.workspace(self.home)}"]
        mine.append(f"{LABEL}.role{role}")
        return list(self.client.containers.list(all=True, ignore_removed=True, filters={"label": mine}))

    def hand_over(self, old: Handle, new: Handle) -> None:
        """Let the new container have the next connections; the old one answers those that it has."""
        self._turn(new)
        try:
            deadline = time.monotonic() + TURN_LIMIT
            while not self.told(new, {"v": 1, "op": "status"}, 5.0).get("handed"):
                if time.monotonic() > deadline:
                    shut = doors.why_shut(self.client, str(new.data["door"]))
                    raise OperationFailed(shut or "The new container did not get the port.", stage="start")
                time.sleep(0.02)
        except BaseException:
            self._turn(old)
            raise

    def _turn(self, handle: Handle) -> None:
        made = volumes.Archive()
        doors.lay(made, str(handle.data["door"]), str(handle.data["run"]))
        self.send(handle, image.APP, made)

    def let_go(self, handle: Handle) -> None:
        """End a container once it has answered what it has. One that takes longer is removed by what is done next."""
        with engine.unless_gone():
            self.client.api.kill(handle.data["container"], signal="SIGTERM")
            deadline = time.monotonic() + FAREWELL
            while time.monotonic() < deadline:
                found = self.container(handle)
                if found is None or not found.attrs["State"]["Running"]:
                    self.remove(handle)
                    return
                time.sleep(0.05)

    def sweep(self, handle: Handle) -> None:
        """Remove what has ended since another container took its place."""
        for container in self._all():
            if container.name != handle.data["container"] and not container.attrs["State"]["Running"]:
                self.remove(Handle("docker", {**handle.data, "container": container.name}))

    def remove(self, handle: Handle, patience: int = 0) -> None:
        """End a container and remove it; its log is kept."""
        found = self.container(handle)
        if found is None:
            return
        with engine.unless_gone():
            if patience and found.attrs["State"]["Running"]:
                found.stop(timeout=patience)
            if found.labels[f"{LABEL}.role"] == running.FRONT_ROLE:
                with suppress(OSError):
                    logs.keep(found, self.folder)
            found.remove(force=True, v=True)

    def remove_door(self, handle: Handle) -> None:
        """Close the port; what still comes by it is cut."""
        with engine.unless_gone():
            self.client.api.remove_container(handle.data["door"], force=True)

    def abandon(self, handle: Handle) -> None:
        """Remove what a start has left that came to nothing; the volumes too, if no other container has them."""
        self.remove(handle)
        self.remove_door(handle)
        if not self._all():
            self.remove_volumes(handle)

    def clear(self, handle: Handle, patience: int) -> None:
        """Remove all containers of the service, by name, as it may be another workspace's, and its volumes."""
        self.remove(handle, patience)
        mine = {"label": f"{LABEL}.volume={handle.data['volume']}"}
        for container in self.client.containers.list(all=True, ignore_removed=True, filters=mine):
            self.remove(Handle("docker", {**handle.data, "container": container.name}))
        self.remove_volumes(handle)

    def remove_volumes(self, handle: Handle) -> None:
        for name in (str(handle.data["volume"]), f"{handle.data['volume']}-secrets"):
            with engine.unless_gone():
                self.client.api.remove_volume(name, force=True)
