"""The Docker target: a container of the bundle's environment, with the bundle, its secrets and its state in volumes.

Source, models, settings, keys and workers change inside the running container; a changed environment starts a second
one, which takes the port over when it serves. Nothing is kept here: containers carry their handle as a label.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

import msgspec

from .. import image
from ..disk import Home
from ..errors import InvalidInput, MLDeployError, OperationFailed, PortInUse, ServiceUnreachable
from ..specs import Address, Bundle, Handle, Json, Leftover, LogLine, Reply, Settings, State
from . import Secrets, fronts
from .containers import engine, images, logs, podman, ports, running, volumes, wishes
from .containers.leftovers import Leftovers, discard
from .containers.service import Service

RELOAD_LIMIT = 1800.0  # seconds that the workers of a new version may take to serve
STOP_LIMIT = 10  # seconds for the requests that run, before the front is killed
LONG = ("reload", "scale", "share")


class DockerTarget:
    """Runs bundles as containers of the engine that this machine's Docker tools use."""

    kind: ClassVar[str] = "docker"

    def __init__(self, home: Home) -> None:
        self.home = home

    def check(self, settings: Settings) -> None:
        if not 0 <= settings.port <= 65535:
            raise InvalidInput(f"{settings.port} is no port; choose 1 to 65535, or 0 for one that is free.")
        fronts.check(settings)
        settings = wishes.published(settings)
        engine.check_published(settings.host)
        podman.check(engine.connect(), wishes.read(settings.docker))
        if settings.port and not engine.is_remote():
            ports.check(settings.host, settings.port)

    def render(self, bundle: Bundle, settings: Settings) -> Mapping[str, str]:
        """The Dockerfile of the environment, and the front's configuration with the place of the app left open."""
        made = images.content(bundle, wishes.read(settings.docker))
        configuration = running.configuration(bundle, settings, "app", "run")
        return {
            "Dockerfile": image.dockerfile(made),
            "front.json": json.dumps(configuration, indent=2, sort_keys=True) + "\n",
        }

    def prepare(self, bundle: Bundle, settings: Settings, say: Callable[[str], None]) -> None:
        """Build the image, if the engine does not have it."""
        images.prepared(engine.connect(), bundle, wishes.read(settings.docker), say)

    def start(self, bundle: Bundle, settings: Settings, secrets: Secrets) -> Handle:
        own, settings = self._service(settings.service), wishes.published(settings)
        tag = images.prepared(own.client, bundle, wishes.read(settings.docker), _quiet)
        with engine.translated(f"start service {settings.service!r}"):
            port = own.clear_dead()
            for wanted in ports.candidates(settings, port):
                handle = own.handle(bundle, settings, tag, wanted)
                try:
                    return own.run(handle, bundle, settings, secrets)
                except PortInUse:
                    own.abandon(handle)
                    if settings.port:
                        raise
                except BaseException:
                    own.abandon(handle)
                    raise
        raise PortInUse(f"The engine gave none of its ports at {settings.host} to service {settings.service!r}.")

    def update(self, handle: Handle, bundle: Bundle, settings: Settings, secrets: Secrets) -> Handle:
        own, settings = self._service(settings.service), wishes.published(settings)
        tag = images.prepared(own.client, bundle, wishes.read(settings.docker), _quiet)
        own.sweep(handle)
        own.open_door(handle, settings)
        moved = settings.host != handle.data["host"] or settings.port not in (0, handle.data["port"])
        if moved or tag != handle.data["image"] or own.shape(settings) != handle.data["shape"]:
            return self._replace(handle, bundle, settings, secrets)
        with engine.translated(f"update service {settings.service!r}"):
            own.limit(handle, settings)
            reply = own.swap(handle, bundle, settings, secrets, RELOAD_LIMIT)
        if not reply.get("ok"):
            raise OperationFailed(
                str(reply.get("error") or "refused without a reason"),
                stage=reply.get("phase", "reload"),
                traceback=str(reply.get("traceback") or ""),
                log=reply.get("log", ""),
            )
        there = sorted({*handle.data["models"], *volumes.models(bundle)})
        return Handle(self.kind, {**handle.data, "models": there, "tls": running.shown(settings)})

    def control(self, handle: Handle, message: Json) -> Sequence[Reply]:
        own = self._service(handle.data["service"])
        limit = RELOAD_LIMIT if message["op"] in LONG else 10.0
        with engine.translated(f"speak to service {own.name!r}"):
            answer = own.told(handle, message, limit + 5 + float(message.get("seconds", 0)))
            if message["op"] == "keys" and answer.get("ok"):
                changed = {name: message[name] for name in ("keys", "signing", "principals") if name in message}
                own.send(handle, volumes.SECRETS, volumes.secrets(own.known_secrets(handle) | changed))
            if message["op"] == "wait" and answer.get("phase") == "serving":
                own.keep(handle)
        refusal = "" if answer.get("ok") else str(answer.get("error") or "refused without a reason")
        return [Reply(str(handle.data["container"]), answer, refusal, str(answer.get("traceback") or ""))]

    def address(self, handle: Handle) -> Address:
        port = handle.data["port"]
        where = f"{engine.machine(handle.data['host'])}:{port}"
        if (tls := handle.data.get("tls")) is None:
            return Address(f"http://{where}", f"http://{where}")
        public = f"https://{tls['name']}:{port}" if tls["name"] else f"https://{where}"
        return Address(f"https://{where}", public, **tls)

    def state(self, handle: Handle) -> State:
        try:
            own = self._service(handle.data["service"])
            with engine.translated(f"look at service {own.name!r}"):
                return own.state(handle)
        except MLDeployError as error:
            return State("Unhealthy", error.message)

    def logs(self, handle: Handle, follow: bool = False, previous: bool = False) -> Iterator[LogLine]:
        """The container's log, oldest first; `previous` with what earlier containers of the service wrote."""
        own = self._service(handle.data["service"])
        if previous:
            yield from logs.kept(own.folder)
        with engine.translated(f"read the log of service {own.name!r}"):
            container = own.container(handle)
            if container is not None:
                yield from logs.lines(container, follow)
            elif not previous:
                yield from logs.kept(own.folder, str(handle.data["container"]))

    def stop(self, handle: Handle) -> None:
        own = self._service(handle.data["service"])
        with engine.translated(f"stop service {own.name!r}"):
            own.clear(handle, patience=STOP_LIMIT)

    def found(self) -> Iterable[Handle]:
        client = engine.connect()
        with engine.translated("list its containers"):
            yield from running.orphans(client, self.home)

    def leftovers(self) -> Iterable[Leftover]:
        client = engine.connect()
        with engine.translated("say what is left on it"):
            yield from Leftovers(client, self.home)

    def discard(self, leftover: Leftover) -> None:
        if leftover.kind == "service":
            return self.stop(msgspec.convert(leftover.data, Handle))
        client = engine.connect()
        with engine.translated(f"remove {leftover.kind} {leftover.name!r}"):
            return discard(client, leftover)

    def _service(self, name: str) -> Service:
        return Service(engine.connect(), self.home, name)

    def _replace(self, handle: Handle, bundle: Bundle, settings: Settings, secrets: Secrets) -> Handle:
        """A second container serves before the first one goes; at the same address by the same door."""
        own = self._service(settings.service)
        port = int(handle.data["port"])
        same = settings.host == handle.data["host"] and settings.port in (0, port)
        with engine.translated(f"replace the container of service {settings.service!r}"):
            tag = images.prepared(own.client, bundle, wishes.read(settings.docker), _quiet)
            new = own.handle(bundle, settings, tag, port if same else settings.port or ports.free(settings.host))
            if same:
                new = Handle(self.kind, {**new.data, "door": handle.data["door"]})
            try:
                own.run(new, bundle, settings, secrets)
                self._until_it_serves(new)
                if same:
                    own.hand_over(handle, new)
            except BaseException:
                own.remove(new)
                if not same:
                    own.remove_door(new)
                raise
            own.let_go(handle)
            if not same:
                own.remove_door(handle)
        return new

    def _until_it_serves(self, handle: Handle) -> None:
        deadline = time.monotonic() + RELOAD_LIMIT
        while time.monotonic() < deadline:
            try:
                if self.control(handle, {"v": 1, "op": "wait", "seconds": 5.0})[0].data.get("phase") == "serving":
                    return
            except ServiceUnreachable:
                pass
            state = self.state(handle)
            if state.phase in ("Failed", "Stopped", "Unhealthy"):
                raise OperationFailed(state.reason, stage="init()", traceback=state.traceback)
            time.sleep(0.05)
        raise OperationFailed(f"init() has not ended within {RELOAD_LIMIT:.0f} s.", stage="init()")


def _quiet(line: str) -> None:
    """What `prepare` has said already is not said again."""
