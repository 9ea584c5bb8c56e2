"""ModelPackage: models, entry script and environment as a Docker build context, for a later `docker build .`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import uuid4

from ... import bundle as bundles
from ... import environments, image
from ...errors import MLDeployError
from ...specs import Settings
from ...targets import fronts
from .._unavailable import unavailable
from ..container_registry import ContainerRegistry
from ..exceptions import WebserviceException, translated
from ._register import register_path

if TYPE_CHECKING:
    from ..environment import Environment
    from ..webservice._planning import Served
    from ..workspace import Workspace
    from ._inference import InferenceConfig


class ModelPackage:
    """What `Model.package` returns. `state` is NotStarted, Running, Succeeded or Failed; `location` the folder that it
    was saved to."""

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

    def __repr__(self) -> str:
        return f"ModelPackage(workspace={self.workspace!r}, state={self.state}, location={self.location})"

    def _make(self, served: Served) -> None:
        """Resolve the environment and build the bundle; what goes wrong is the package's state, as in v1."""
        self.state = "Running"
        try:
            self._content = _content(self.workspace, served, self._log.append)
        except MLDeployError as error:
            self.state, self.error = "Failed", {"code": type(error).__name__, "message": error.message}
            self._log.append(error.message)
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

    def pull(self) -> NoReturn:
        """Refuse: a Dockerfile package has no image to pull."""
        raise WebserviceException(
            "This package is a Dockerfile and its context, and there is no image to pull. Save it with "
            "save(output_directory), then run: docker build -t NAME output_directory"
        )

    @translated(WebserviceException)
    def save(self, output_directory: str) -> None:
        """Write Dockerfile and build context into a folder, which is made where it is missing; what else is in it
        stays. Raises `WebserviceException` for a file of that name, and where something of the user's is in the way."""
        content, target = self._need(), Path(output_directory).absolute()
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
        """The registry of the base image: a public one, so address, username and password are empty."""
        return ContainerRegistry()

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
    generate_dockerfile: bool,
) -> ModelPackage:
    """Make a package of models, which may be local paths: these are registered on the way."""
    from ..webservice import _no_code
    from ..webservice._models import references
    from ..webservice._planning import Served

    if not generate_dockerfile:
        unavailable(
            "Model.package(generate_dockerfile=False)",
            "Building images comes with the Docker target; generate_dockerfile=True makes the folder that "
            "`docker build` makes one of.",
        )
    given = references(workspace, [register_path(workspace, model) for model in models or ()])
    served = _no_code.served(workspace, given) if inference_config is None else Served.of(given, inference_config)
    environment = inference_config.environment if inference_config else None
    made = ModelPackage(workspace, uuid4().hex, environment)
    made._make(served)
    return made


def _content(workspace: Workspace, served: Served, say: Callable[[str], None]) -> image.Content:
    home = workspace._home
    lock = environments.lock(served.environment, home, say=say, models=[Path(m.path) for m in served.models])
    bundle = bundles.build(home, served.script, served.models, served.environment, lock)
    app = fronts.app(bundle, Path(image.APP), image.PYTHON, {})
    front = fronts.configuration(Settings("service", host="0.0.0.0", port=image.PORT), app)  # noqa: S104 - in a container
    return image.Content(bundle, served.environment, lock, {**front, "port": image.PORT})


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
