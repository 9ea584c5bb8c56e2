"""Moving notebooks here: `check` says cell by cell what runs, `convert` writes them with our names. Nothing is run."""

from .checking import HAND, RUNS, STANDS_IN, Finding, Report, check
from .converting import Converted, convert
from .reporting import as_json, as_text

__all__ = ["HAND", "RUNS", "STANDS_IN", "Converted", "Finding", "Report", "as_json", "as_text", "check", "convert"]
