"""MLflow's answers in our words: one table from its error codes to our tree, and quiet while we are the ones asking."""

from __future__ import annotations

import logging
import os
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import requests

from ..errors import InvalidInput, MLDeployError, NameTaken, NotFound, RegistryError

# MLflow error code → our error. Whatever is not listed is a RegistryError.
ERRORS: dict[str, type[MLDeployError]] = {
    "RESOURCE_DOES_NOT_EXIST": NotFound,
    "NOT_FOUND": NotFound,
    "RESOURCE_ALREADY_EXISTS": NameTaken,
    "ALREADY_EXISTS": NameTaken,
    "INVALID_PARAMETER_VALUE": InvalidInput,
    "BAD_REQUEST": InvalidInput,
}
HINTS = {
    "UNAUTHENTICATED": " Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.",
    "PERMISSION_DENIED": " The server's owner can grant it.",
    "TEMPORARILY_UNAVAILABLE": " Try again in a moment.",
}
CHATTY = ("alembic", "mlflow")
SILENT = {"MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}


@contextmanager
def translated() -> Iterator[None]:
    """Raise what MLflow refuses as an error of ours, without credentials."""
    import mlflow.exceptions

    try:
        yield
    except mlflow.exceptions.MlflowException as error:
        raise _ours(error) from error
    except requests.RequestException as error:  # MLflow hands artifact servers' answers on as they are
        raise RegistryError(
            f"The artifact store did not give what was asked: {without_credentials(str(error))}"
        ) from error


def _ours(error: Any) -> MLDeployError:
    code, text = str(error.error_code), without_credentials(str(error.message)).strip()
    return ERRORS.get(code, RegistryError)(f"MLflow refused: {text}{HINTS.get(code, '')}")


def without_credentials(text: str) -> str:
    """The text with user and password cut out of every URL in it."""
    return re.sub(r"(\w+://)[^/@\s]+@", r"\1", text)


def hidden(uri: str) -> str:
    """The URI for a command to copy, with a word in place of its credentials."""
    return re.sub(r"(\w+://)[^/@\s]+@", r"\1USER:PASSWORD@", uri)


class _Quiet:
    """Settings that hush MLflow: the first caller to come sets them, the last to go puts back what was there."""

    def __init__(self) -> None:
        self._lock, self._callers, self._undo = threading.Lock(), 0, ExitStack()

    def enter(self) -> None:
        with self._lock:
            self._callers += 1
            if self._callers == 1:
                self._set()

    def leave(self) -> None:
        with self._lock:
            self._callers -= 1
            if not self._callers:
                self._undo.close()

    def _set(self) -> None:
        for logger in map(logging.getLogger, CHATTY):
            self._undo.callback(logger.setLevel, logger.level)
            logger.setLevel(max(logging.WARNING, logger.level))
        for name, value in SILENT.items():
            self._undo.callback(_put_back, name, os.environ.get(name))
            os.environ[name] = value
        self._undo.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", DeprecationWarning)  # of the libraries below MLflow: nothing a user could do


def _put_back(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


_QUIET = _Quiet()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep MLflow's and alembic's notices about our own calls off the user's screen."""
    _QUIET.enter()
    try:
        yield
    finally:
        _QUIET.leave()
