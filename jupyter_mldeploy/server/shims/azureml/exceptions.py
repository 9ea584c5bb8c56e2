"""The exceptions of v1 that an entry script can meet, with its base class, `message` and `status_code`."""

import json
from typing import Any, Optional

from .absent import stand_in


class AzureMLException(Exception):
    """Base: `message` is the bare text, `str()` a block of several lines."""

    def __init__(self, exception_message: str, inner_exception: Optional[BaseException] = None) -> None:
        super().__init__(exception_message)
        self.message = exception_message
        self.inner_exception = inner_exception

    def __str__(self) -> str:
        """The class, the message, the inner exception, and a JSON object with the message's first line."""
        text = self.message.replace("\n", "\n    ")
        inner = "none" if self.inner_exception is None else type(self.inner_exception).__name__
        summary = {"error": {"code": type(self).__name__, "message": self.message.partition("\n")[0]}}
        return f"{type(self).__name__}:\n    {text}\n    Inner exception: {inner}\n{json.dumps(summary, indent=2)}"


class WebserviceException(AzureMLException):
    """Most of what models and services refuse."""

    def __init__(self, exception_message: str, status_code: Optional[int] = None, logger: Any = None) -> None:
        super().__init__(exception_message)
        self.status_code = status_code
        if logger is not None:
            logger.error(exception_message)


class ModelNotFoundException(AzureMLException):
    """No deployed model has this name."""


class UserErrorException(AzureMLException):
    """An argument that cannot work."""


def __getattr__(name: str) -> Any:
    return stand_in(__name__, name)
