"""v1's exception classes under their own names, and the one table that turns errors of the lower floors into them.

Twin of `azureml.exceptions`. Notebooks test substrings of `e.message`, so the tokens stand at its start.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from logging import Logger

from .. import errors
from ..errors import MLDeployError


class AzureMLException(MLDeployError):
    """Base of v1's exceptions: `message` is the bare text, `str()` a block of several lines."""

    def __init__(self, exception_message: str, inner_exception: BaseException | None = None) -> None:
        super().__init__(exception_message)
        self.inner_exception = inner_exception

    def __str__(self) -> str:
        """The class, the message, the inner exception, and a JSON object with the message's first line."""
        text = self.message.replace("\n", "\n    ")
        inner = "none" if self.inner_exception is None else type(self.inner_exception).__name__
        summary = {"error": {"code": type(self).__name__, "message": self.message.partition("\n")[0]}}
        return f"{type(self).__name__}:\n    {text}\n    Inner exception: {inner}\n{json.dumps(summary, indent=2)}"


class WebserviceException(AzureMLException):
    """Nearly everything that models, inference configurations and services refuse."""

    def __init__(self, exception_message: str, status_code: int | None = None, logger: Logger | None = None) -> None:
        super().__init__(exception_message)
        self.status_code = status_code
        if logger is not None:
            logger.error(exception_message)


class FileMissingException(WebserviceException, FileNotFoundError):
    """A file to register is not there: the built-in class of newer v1 releases and the older ones' own, in one."""

    def __init__(self, exception_message: str, status_code: int | None = None, logger: Logger | None = None) -> None:
        super().__init__(exception_message, status_code, logger)
        self.errno = errno.ENOENT


class ModelNotFoundException(AzureMLException):
    """No model lies at the path that an entry script asks for; the constructor of Model does not raise it."""


class ModelPathNotFoundException(AzureMLException):
    """A run holds no artifact under the given key."""


class ComputeTargetException(AzureMLException):
    """A compute target that does not exist or cannot be as asked."""


class UserErrorException(AzureMLException):
    """An argument that cannot work."""


class AuthenticationException(UserErrorException):
    """A login that v1 would have needed, or a service principal that a service gives no token to."""


class RunEnvironmentException(AzureMLException):
    """`Run.get_context(allow_offline=False)` outside a run."""


class WorkspaceException(AzureMLException):
    """A workspace that cannot be made, opened or listed."""


class ExperimentExecutionException(AzureMLException):
    """A run that could not be carried out."""


class ActivityFailedException(AzureMLException):
    """`wait_for_completion` of a run that failed."""

    def __init__(
        self,
        exception_message: str,
        inner_exception: BaseException | None = None,
        error_details: str | Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(exception_message, inner_exception)
        self.error_details = error_details


class SnapshotException(AzureMLException):
    """A folder that is too large for a snapshot."""


class RunConfigurationException(AzureMLException):
    """A run configuration that cannot work."""


class TrainingException(AzureMLException):
    """Training that could not be set up."""


class ProjectSystemException(AzureMLException):
    """A project folder that cannot be used."""


class DatasetTypeException(AzureMLException):
    """A data set of another type than was asked for."""


class NotAvailableException(AzureMLException, NotImplementedError):
    """A v1 call that has no meaning here, or not yet; the message names what to do instead."""


# error of the lower floors → v1's class, and the token that notebooks look for at the start of the message
TABLE: Mapping[type[MLDeployError], tuple[type[AzureMLException], str]] = {
    errors.MLDeployError: (AzureMLException, ""),
    errors.InvalidInput: (UserErrorException, ""),
    errors.NameTaken: (WebserviceException, ""),
    errors.ScriptInvalid: (UserErrorException, ""),
    errors.NotFound: (UserErrorException, ""),
    errors.ServiceNotFound: (WebserviceException, "WebserviceNotFound"),
    errors.ModelNotFound: (WebserviceException, "ModelNotFound"),
    errors.ModelPathNotFound: (ModelPathNotFoundException, ""),
    errors.RunNotFound: (UserErrorException, ""),
    errors.ComputeNotFound: (ComputeTargetException, "ComputeTargetNotFound"),
    errors.EnvironmentNotFound: (UserErrorException, ""),
    errors.FileMissing: (FileMissingException, ""),
    errors.WorkspaceError: (WorkspaceException, ""),
    errors.DiskFull: (WorkspaceException, ""),
    errors.RegistryError: (WebserviceException, ""),
    errors.EnvironmentUnresolvable: (WebserviceException, ""),
    errors.TargetUnavailable: (WebserviceException, ""),
    errors.PortInUse: (WebserviceException, ""),
    errors.OperationFailed: (WebserviceException, ""),
    errors.OperationTimeout: (WebserviceException, ""),
    errors.NotAuthorised: (AuthenticationException, ""),
    errors.ServiceUnreachable: (WebserviceException, ""),
    errors.ScoringFailed: (WebserviceException, ""),
}


@contextmanager
def translated(invalid: type[AzureMLException] = UserErrorException) -> Iterator[None]:
    """Raise v1's class for an error of the lower floors, as `with translated():` or `@translated()`.

    `invalid` is the class for `InvalidInput`: v1 has WebserviceException around models and services, and
    UserErrorException elsewhere. The original stays in `inner_exception`.
    """
    try:
        yield
    except AzureMLException:
        raise
    except MLDeployError as error:
        raise as_v1(error, invalid) from None


def as_v1(error: MLDeployError, invalid: type[AzureMLException] = UserErrorException) -> AzureMLException:
    """The v1 exception for an error of the lower floors, with its token and, for scoring, its status code."""
    known = next(kind for kind in type(error).__mro__ if kind in TABLE)
    kind, token = TABLE[known]
    if known is errors.InvalidInput:
        kind = invalid
    message = f"{token}: {error.message}" if token and not error.message.startswith(token) else error.message
    translation = kind(message)
    translation.inner_exception = error
    if isinstance(translation, WebserviceException) and isinstance(error, errors.ScoringFailed):
        translation.status_code = error.status
    return translation
