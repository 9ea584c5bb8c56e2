"""The IPython shell of this process, where there is one; IPython is not imported for it."""

from __future__ import annotations

import sys
from typing import Any


def shell() -> Any:
    """The shell, or None."""
    found = sys.modules.get("IPython")
    return found.get_ipython() if found is not None and hasattr(found, "get_ipython") else None
