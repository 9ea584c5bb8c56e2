"""A workspace whose services run on a real engine, and the verbs of its tests."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import docker
from sandbox import Sandbox

from jupyter_mldeploy import bundle, client, environments
from jupyter_mldeploy.specs import Bundle, EnvironmentSpec, Handle, ModelRef, Settings
from jupyter_mldeploy.targets.docker import DockerTarget

KEYS = {"keys": ["primary-key-of-the-test", "secondary-key-of-the-test"]}

SLEEPS = """
    import time

    def init():
        pass

    def run(raw_data):
        time.sleep(float(raw_data))
        return "{0}"
"""


class Callers:
    """Threads that ask a service over and over, and note when each answer or failure came, and which."""

    def __init__(self, where: str, kinds: Sequence[tuple[float, bool]]) -> None:
        self.where = urlsplit(where).netloc
        self.seen: list[tuple[float, object]] = []
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=kind) for kind in kinds]

    def __enter__(self) -> Callers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(0.3)
        self.ended = time.monotonic()
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, seconds: float, keep: bool) -> None:
        """Requests that run so long, on one connection or each on a new one."""
        link = http.client.HTTPConnection(self.where, timeout=30)
        while not self._done.is_set():
            try:
                link.request("POST", "/score", str(seconds), {"Authorization": f"Bearer {KEYS['keys'][0]}"})
                answer = link.getresponse()
                self.seen.append((time.monotonic(), json.loads(answer.read())))
                if not keep:
                    link.close()
            except (OSError, http.client.HTTPException) as error:
                self.seen.append((time.monotonic(), error))
                link.close()
        link.close()

    @property
    def gap(self) -> float:
        """The longest time, while all asked, in which no answer came."""
        times = sorted(when for when, _ in self.seen if when < self.ended)
        return max(later - earlier for earlier, later in itertools.pairwise(times))


class Containers:
    """A sandbox, the target, and the engine's own client to look with."""

    def __init__(self, box: Sandbox, host: str) -> None:
        self.box, self.host = box, host
        self.target = DockerTarget(box.home)
        self.client: Any = docker.DockerClient(host)
        box.home.service("summing").mkdir(parents=True)

    def bundle(
        self, script: str, models: tuple[ModelRef, ...] = (), pip: tuple[str, ...] = ("packaging",), **image: Any
    ) -> Bundle:
        spec = EnvironmentSpec(pip=pip, docker=image)
        lock = environments.lock(spec, self.box.home, say=str)
        return bundle.build(self.box.home, self.box.script(script), models, spec, lock)

    def settings(self, **more: Any) -> Settings:
        return Settings("summing", target="docker", auth="key", **more)

    def started(self, made: Bundle, **more: Any) -> Handle:
        handle = self.target.start(made, self.settings(**more), KEYS)
        self.until(handle, "Healthy")
        return handle

    def until(self, handle: Handle, phase: str, within: float = 30) -> None:
        deadline = time.monotonic() + within
        while (state := self.target.state(handle)).phase != phase:
            assert time.monotonic() < deadline, state
            time.sleep(0.02)

    def answer(self, handle: Handle, key: str = KEYS["keys"][0], body: str = "{}") -> object:
        address = self.target.address(handle).local
        return json.loads(client.score(f"{address}/score", body, key=key, timeout=30).content)

    def inspected(self, handle: Handle) -> dict[str, Any]:
        return dict(self.client.api.inspect_container(handle.data["container"]))

    def shell(self, handle: Handle, command: str) -> str:
        """What a shell command prints in the container, as its user."""
        return str(self.client.containers.get(handle.data["container"]).exec_run(["sh", "-c", command])[1].decode())

    def images(self) -> set[str]:
        """The ids of all images, those in between too."""
        return set(self.client.api.images(all=True, quiet=True))

    def known_of(self, image: str) -> bytes:
        """What an image tells of how it was made, and the settings of a build that it kept; nothing if it has gone."""
        api = self.client.api
        try:
            told = str([api.inspect_image(image), api.history(image)]).encode()
            made = api.create_container(image, command=["true"])["Id"]
        except docker.errors.NotFound:
            return b""
        try:
            return told + b"".join(api.get_archive(made, "/opt/build/settings")[0])
        except docker.errors.NotFound:
            return told
        finally:
            api.remove_container(made)

    def own(self) -> list[str]:
        """Names of the containers and volumes that this workspace has left on the engine."""
        if not (self.box.home.path / "engine-id").exists():
            return []
        mark = (self.box.home.path / "engine-id").read_text()
        containers = [one.name for one in self.client.containers.list(all=True, ignore_removed=True)]
        return [name for name in [*containers, *(one.name for one in self.client.volumes.list())] if mark in name]
