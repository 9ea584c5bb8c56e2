"""ModelProfile: what a model needs and how fast it answers, by `Model.profile`. Twin of `azureml.core.profile`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import disk
from ..errors import known
from .exceptions import WebserviceException, translated

if TYPE_CHECKING:
    from .workspace import Workspace


class ModelProfile:
    """The profile `name` of a workspace. Unknown → WebserviceException, whose message starts with
    ModelProfileNotFound."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace, self.name = workspace, name
        self._details = _read(workspace, name)
        self.state: str = self._details["state"]
        self.error: dict[str, Any] | None = self._details.get("error")
        self.description: str | None = self._details.get("description")

    def __repr__(self) -> str:
        return f"ModelProfile(workspace={self.workspace!r}, name={self.name}, state={self.state})"

    def wait_for_completion(self, show_output: bool = False) -> None:
        """Return when the measurement is over, which it is once `Model.profile` has returned; `show_output` prints the
        result. A service that did not start, or answered nothing but errors → WebserviceException that says why."""
        if show_output:
            for key, value in self.get_details().items():
                print(f"{key}: {value}")
        if self.state == "Failed" and self.error:
            raise WebserviceException(f"Profile {self.name!r} is in state {self.state}: {self.error['message']}")

    def get_details(self) -> dict[str, Any]:
        """Requested and peak cpu (cores) and memory (GB), queries, success rate (percent), latencies (ms), measured
        queries per second, and the recommendation: the peak and a quarter, rounded up to tenths."""
        return {key: value for key, value in self._details.items() if value is not None}

    def serialize(self) -> dict[str, Any]:
        return dict(self._details)


def folder(workspace: Workspace) -> Path:
    return workspace._home.path / "profiles"


@translated(WebserviceException)
def _read(workspace: Workspace, name: str) -> dict[str, Any]:
    names = {path.stem: path for path in folder(workspace).glob("*.json")}
    if name not in names:
        raise WebserviceException(f"ModelProfileNotFound: no profile named {name!r}. {known('Profiles', names)}")
    return disk.read_json(names[name], dict[str, Any])
