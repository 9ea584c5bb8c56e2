"""EnvironmentSpec → lock → a place that can run it: this interpreter when it satisfies what was asked, else a venv
that uv builds once and that is kept by the lock's digest."""

from .asked import check
from .building import made, prepare, variables
from .listing import text
from .locking import inside, lock

__all__ = ["check", "inside", "lock", "made", "prepare", "text", "variables"]
