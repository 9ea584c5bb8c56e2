"""ModelPackage: models, entry script and environment as an image, or as a folder for a later `docker build .`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ... import bundle as bundles
from ... import environments, image
from ...errors import MLDeployError, OperationFailed
from ...specs import Settings
from ...targets import fronts
from ...targets.containers import engine, images, registries
from ..container_registry import ContainerRegistry
from ..exceptions import WebserviceException, translated
from ._register import register_path

if TYPE_CHECKING:
    from ..environment import Environment
    from ..webservice._planning import Served
    from ..workspace import Workspace
    from ._inference import InferenceConfig


_TAG = re.compile(r"[a-z0-9][a-z0-9._/:-]*:\w[\w.-]{0,127}")


class ModelPackage:
    """What `Model.package` returns. `state` is NotStarted, Running, Succeeded or Failed; `location` the image's
    name, or the folder that it was saved to."""

    def __init__(self, workspace: Workspace, operation_id: str, environment: Environment | None) -> None:
        self.workspace, self.environment = workspace, environment
        self.generate_dockerfile = True
        self.state = "NotStarted"
        self.location: str | None = None
        self.error: dict[str, str] | None = None
        self.package_build_log_uri: str | None = None
        self._operation_id = operation_id
        self._log: list[str] = []
        self._content: image.Content | None = None
        self._image = ""  # its name on the engine that built it

    def __repr__(self) -> str:
        return f"ModelPackage(workspace={self.workspace!r}, state={self.state}, location={self.location})"

    def _make(self, served: Served, tag: str) -> None:
        """Resolve the environment and build the bundle, and the image `tag` if that is not empty; what goes wrong is
        the package's state, as in v1."""
        self.state = "Running"
        try:
            content = _content(self.workspace, served, self._log.append)
            if tag:
                images.packaged(engine.connect(), content, tag, self._log.append)
                self.generate_dockerfile, self.location, self._image = False, tag, tag
            self._content = content
        except MLDeployError as error:
            self.state, self.error = "Failed", {"code": type(error).__name__, "message": error.message}
            self._log += [error.message, *([error.log] if isinstance(error, OperationFailed) and error.log else [])]
        else:
            self.state = "Succeeded"
            self._log.append(f"bundle {self._content.bundle.digest}")

    def wait_for_creation(self, show_output: bool = False) -> None:
        """Return when the package is there, which it is at once. Raises `WebserviceException` if it failed."""
        if show_output:
            print(self.get_logs())
        print(f"Package creation {self.state}")
        self._need()

    def _need(self) -> image.Content:
        if self._content is None:
            why = self.error["message"] if self.error else "it was not made by Model.package"
            raise WebserviceException(f"The package is in state {self.state}: {why}")
        return self._content

    def update_creation_state(self) -> None:
        """Nothing changes after `Model.package` has returned."""

    def get_logs(self, decode: bool = True, offset: int = 0) -> str | bytes:
        """What was said while it was made, as text or bytes, from byte `offset` on."""
        rest = "\n".join(self._log).encode()[offset:]
        return rest.decode(errors="replace") if decode else rest

    @translated(WebserviceException)
    def pull(self) -> None:
        """Have the image on this machine's engine, which built it and has it unless it was removed since it was pushed.
        A Dockerfile package has none."""
        self._need()
        if self.generate_dockerfile:
            raise WebserviceException(
                "This package is a Dockerfile and its context, and there is no image to pull. Save it with "
                "save(output_directory), then run: docker build -t NAME output_directory"
            )
        client, name = engine.connect(), str(self.location)
        if engine.found(client.images.get, name) is None:
            registries.pull(client, name)
        print(f"{name} is on the engine. Run it: docker run --init -p 127.0.0.1:5001:5001 {name}")

    @translated(WebserviceException)
    def push(self, registry: str) -> None:
        """Give the image to a registry, such as `registry.example:5000/team`; `location` is then its name there.

        Not of v1, whose workspaces had a registry of their own. Logins are those of Docker: `docker login`.
        """
        self._need()
        if self.generate_dockerfile:
            raise WebserviceException(
                "This package is a Dockerfile and its context, and there is no image to push. Make one with "
                "Model.package(..., generate_dockerfile=False)."
            )
        target = registries.named(self._image, registry)
        registries.push(engine.connect(), str(self.location), target, self._log.append)
        self.location = target
        print(f"Pushed {target}")

    @translated(WebserviceException)
    def save(self, output_directory: str) -> None:
        """Write Dockerfile and build context into a folder, which is made where it is missing; what else is in it
        stays. Raises `WebserviceException` for a file of that name, and where something of the user's is in the way."""
        content, target = self._need(), Path(output_directory).absolute()
        if not self.generate_dockerfile:
            raise WebserviceException(
                f"This package is the image {self.location}. Save that with: docker save {self.location}; or make a "
                "package with generate_dockerfile=True."
            )
        if target.exists() and not target.is_dir():
            raise WebserviceException(f"{target} is a file. Name a folder to save the package to.")
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            image.write(content, aside)
            _place(aside, target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        self.location = str(target)
        print(f"Saved to {target}. Build the image with: docker build -t NAME {target}")

    def get_container_registry(self) -> ContainerRegistry:
        """The registry that the image was pushed to; else that of the base image, a public one. Logins are Docker's
        own, so username and password are empty."""
        made = ContainerRegistry()
        if self.location and self._image not in ("", self.location):
            made.address = registries.host(self.location)
        return made

    def serialize(self) -> dict[str, Any]:
        return {
            "workspaceName": self.workspace.name,
            "operationId": self._operation_id,
            "environment": self.environment.name if self.environment else None,
            "generateDockerfile": self.generate_dockerfile,
            "state": self.state,
            "location": self.location,
            "packageBuildLogUri": self.package_build_log_uri,
            "error": self.error,
        }


def package(
    workspace: Workspace,
    models: Sequence[Any] | None,
    inference_config: InferenceConfig | None,
    tag: str,
) -> ModelPackage:
    """Make a package of models, which may be local paths: these are registered on the way. With a `tag` it is an image
    of that name on this machine's engine, else a folder to be saved."""
    from ..webservice import _no_code
    from ..webservice._models import references
    from ..webservice._planning import Served

    if tag:
        _check(tag)
    given = references(workspace, [register_path(workspace, model) for model in models or ()])
    served = _no_code.served(workspace, given) if inference_config is None else Served.of(given, inference_config)
    environment = inference_config.environment if inference_config else None
    made = ModelPackage(workspace, uuid4().hex, environment)
    made._make(served, tag)
    return made


def tag(name: str | None, label: str | None) -> str:
    """The image's name, as v1 made it up where nothing was asked."""
    return f"{name or 'package'}:{label or datetime.now(timezone.utc).strftime('%Y%m%d%H%M%S')}"


def _check(tag: str) -> None:
    """Raise `WebserviceException` for what is no image's name, and where nothing can build one."""
    if not _TAG.fullmatch(tag):
        raise WebserviceException(f"{tag!r} cannot name an image: lower-case letters, digits, . _ - and / may.")
    try:
        engine.connect()
    except MLDeployError as error:
        raise WebserviceException(
            f"{error.message} Without an engine, generate_dockerfile=True makes the folder that `docker build` takes."
        ) from error


def _content(workspace: Workspace, served: Served, say: Callable[[str], None]) -> image.Content:
    home = workspace._home
    models = [Path(m.path) for m in served.models]
    lock = environments.lock(environments.inside(served.environment), home, say=say, models=models)
    bundle = bundles.build(home, served.script, served.models, served.environment, lock)
    app = fronts.app(bundle, Path(image.APP), image.PYTHON, image.variables_inside(lock))
    front = fronts.configuration(Settings("service", host="0.0.0.0", port=image.PORT), app)  # noqa: S104 - in a container
    labels = {"bundle": bundle.digest, "lock": lock.digest, "models": " ".join(model.id for model in served.models)}
    environment = replace(served.environment, docker=image.resolved(bundle))
    front, entries = {**front, "port": image.PORT}, image.entries(bundle)
    return image.Content(bundle, environment, lock, front, labels=labels, entries=entries)


def _place(aside: Path, target: Path) -> None:
    """Put each new entry in the place of an older package's; what is in the way of the first one stays, as an error."""
    new = list(aside.iterdir())
    taken = sorted(entry.name for entry in new if (target / entry.name).exists())
    if taken and not image.is_context(target):
        raise WebserviceException(
            f"{target} holds {', '.join(taken)} already, and no package that would be replaced. Name another folder."
        )
    target.mkdir(exist_ok=True)
    for entry in new:
        if (old := target / entry.name).exists():
            old.rename(aside / f"old {entry.name}")
        entry.rename(old)
