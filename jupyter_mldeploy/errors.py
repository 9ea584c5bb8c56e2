"""What can go wrong, as one tree. Every message says what is wrong with its value, what exists, and the next step.

MLDeployError
├── InvalidInput              a value that cannot work, found before any work
│   ├── NameTaken             a name in use, and no `overwrite`
│   └── ScriptInvalid         an entry script that does not parse, or lacks `init` or `run`
├── NotFound
│   ├── ServiceNotFound · ModelNotFound · ModelPathNotFound · RunNotFound · ComputeNotFound · EnvironmentNotFound
│   └── FileMissing           a file or folder of the user's
├── WorkspaceError            config unreadable, a newer version wrote it, a disk that cannot hold it
│   └── DiskFull
├── RegistryError             what MLflow or its store answered
├── EnvironmentUnresolvable   no set of packages fits what was asked
├── TargetUnavailable         the tool or place that should run the service is missing
│   └── PortInUse
├── OperationFailed           a deployment or change that did not come about; carries the script's traceback and log
├── OperationTimeout          waiting took too long; the work goes on
├── NotAuthorised             a service principal that a service does not know, or no longer
├── ServiceUnreachable        nothing answers at the service's address
└── ScoringFailed             the service answered with an error status
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class MLDeployError(Exception):
    """Base of every error that this package raises on purpose; `message` is the bare text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(MLDeployError):
    """A value that cannot work; nothing was done yet."""


class NameTaken(InvalidInput):
    """The name is in use and `overwrite` was not given."""


class ScriptInvalid(InvalidInput):
    """The entry script does not parse, or lacks `init` or `run`; the message names the line."""


class NotFound(MLDeployError):
    """Something named does not exist; the message lists what does."""


class ServiceNotFound(NotFound):
    pass


class ModelNotFound(NotFound):
    pass


class ModelPathNotFound(NotFound):
    """A run holds no artifact under the given key."""


class RunNotFound(NotFound):
    pass


class ComputeNotFound(NotFound):
    pass


class EnvironmentNotFound(NotFound):
    pass


class FileMissing(NotFound):
    """A file or folder that the user named is not there."""


class WorkspaceError(MLDeployError):
    """A workspace folder that cannot be used as it is."""


class DiskFull(WorkspaceError):
    """No room left; what was half-written has been removed."""


class RegistryError(MLDeployError):
    """MLflow, or the store behind it, refused."""


class EnvironmentUnresolvable(MLDeployError):
    """No set of packages satisfies what was asked; carries the resolver's own words."""


class TargetUnavailable(MLDeployError):
    """What should run the service is missing, or may not be used."""


class PortInUse(TargetUnavailable):
    pass


class OperationFailed(MLDeployError):
    """A deployment or change failed: `traceback` is the script's own, `log` the last lines, `stage` where."""

    def __init__(
        self, message: str, *, stage: str = "", traceback: str = "", log: str = "", operation: str = ""
    ) -> None:
        super().__init__(message)
        self.stage, self.traceback, self.log, self.operation = stage, traceback, log, operation


class OperationTimeout(MLDeployError):
    """Waiting took longer than allowed; the operation itself goes on."""


class NotAuthorised(MLDeployError):
    """A service gives no token to this service principal."""


class ServiceUnreachable(MLDeployError):
    """Nothing answers at the service's address."""


class ScoringFailed(MLDeployError):
    """The service answered with an error: `status`, `headers` and `content` as received."""

    def __init__(self, message: str, *, status: int, headers: Mapping[str, str], content: bytes) -> None:
        super().__init__(message)
        self.status, self.headers, self.content = status, headers, content


def known(kind: str, names: Iterable[str]) -> str:
    """`Registered models: a, b.`, or that there are none: the second half of a not-found message."""
    listed = sorted(names)
    shown = ", ".join(listed[:20]) + (f" and {len(listed) - 20} more" if len(listed) > 20 else "")
    return f"{kind}: {shown}." if listed else f"{kind}: none."
