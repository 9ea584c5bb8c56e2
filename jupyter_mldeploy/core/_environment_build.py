"""Building an environment: here the Python environment itself is made, in this workspace, since services need that."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import environments
from ..disk import Home
from ..errors import MLDeployError
from ..specs import EnvironmentSpec
from .exceptions import as_v1

if TYPE_CHECKING:
    from .environment import Environment


def make(spec: EnvironmentSpec, home: Home, say: Callable[[str], None]) -> str:
    """Lock and prepare; returns the Python executable that runs it."""
    lock = environments.lock(spec, home, say=say)
    python = environments.prepare(lock, home, say=say)
    say(f"Environment {spec.name!r} is ready: Python {lock.python} at {python}")
    return python


class Building:
    """One build on a thread of its own. It ends with the notebook; what it made until then is found again."""

    def __init__(self, spec: EnvironmentSpec, home: Home) -> None:
        self.spec, self.home = spec, home
        self.status = "Queued"
        self.lines: list[str] = []
        self.error: MLDeployError | None = None
        self.thread = threading.Thread(target=self._run, name=f"build {spec.name}", daemon=True)

    def start(self) -> Building:
        self.thread.start()
        return self

    def _run(self) -> None:
        self.status = "Running"
        try:
            make(self.spec, self.home, self.lines.append)
        except MLDeployError as error:
            self.lines.append(error.message)
            self.error, self.status = error, "Failed"
        else:
            self.status = "Succeeded"


class ImageBuildDetails:
    """A running or finished build: `environment_client` is the build, `location` where it comes to lie."""

    def __init__(self, environment_client: Building, location: str) -> None:
        self._build, self._location = environment_client, location

    @property
    def status(self) -> str:
        """Queued, Running, Succeeded or Failed."""
        return self._build.status

    def get_log(self) -> str:
        return "\n".join(self._build.lines)

    def wait_for_completion(self, show_output: bool = True) -> ImageBuildDetails:
        """Wait for the end, showing the log as it grows; a failed build raises its reason."""
        shown = 0
        while True:
            self._build.thread.join(0.2)
            finished, lines = not self._build.thread.is_alive(), self._build.lines[shown:]
            shown += len(lines)
            if show_output and lines:
                print("\n".join(lines), flush=True)
            if finished:
                break
        if self._build.error is not None:
            raise as_v1(self._build.error)
        return self

    def __repr__(self) -> str:
        return f"ImageBuildDetails(status={self.status!r}, location={self._location!r})"


def details(environment: Environment, home: Home) -> DockerImageDetails:
    """The Python that runs `environment`, when it is made, and the Dockerfile that it names."""
    lock = environments.lock(environment._spec(), home, say=lambda text: None)
    python = environments.made(lock, home)
    docker = environment.docker
    dockerfile = docker.base_dockerfile or (f"FROM {docker.base_image}\n" if docker.base_image else None)
    return DockerImageDetails(
        imageExistsInRegistry=False,
        dockerImage={"name": None, "registry": {"address": docker.base_image_registry.address}},
        pythonEnvironment={
            "interpreterPath": python,
            "condaEnvironmentPath": python and str(Path(python).parents[1]),
        },
        ingredients={"dockerfile": dockerfile},
        requirements=list(lock.requirements),
    )


class DockerImageDetails(dict[str, Any]):
    """What is known of an environment's Docker image: a dict whose entries are properties, too."""

    @property
    def image_exist(self) -> Any:
        return self.get("imageExistsInRegistry")

    @property
    def repository(self) -> Any:
        return self.get("dockerImage", {}).get("name")

    @property
    def registry(self) -> Any:
        return self.get("dockerImage", {}).get("registry")

    @property
    def image(self) -> Any:
        return self.get("pullableImage") or self.get("dockerImage", {}).get("name")

    @property
    def interpreter_path(self) -> Any:
        return self.get("pythonEnvironment", {}).get("interpreterPath")

    @property
    def environment_path(self) -> Any:
        return self.get("pythonEnvironment", {}).get("condaEnvironmentPath")

    @property
    def dockerfile(self) -> Any:
        return self.get("ingredients", {}).get("dockerfile")
