"""Twin of `azureml.telemetry`: nothing is collected, whatever is asked for."""

from __future__ import annotations

import logging
from typing import Any

INSTRUMENTATION_KEY = ""


def set_diagnostics_collection(send_diagnostics: bool = True, verbosity: int = logging.INFO) -> None:
    """Nothing: no diagnostics are collected or sent."""


def get_diagnostics_collection_info(**options: Any) -> tuple[bool, int]:
    """That nothing is collected."""
    return False, logging.INFO


def get_telemetry_log_handler(*args: Any, **options: Any) -> logging.Handler:
    """A handler that drops everything."""
    return logging.NullHandler()
