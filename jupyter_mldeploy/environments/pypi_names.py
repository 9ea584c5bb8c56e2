"""Names that PyPI has retired and old requirement lines still use."""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

# sklearn's own versions (0.0 and the like) say nothing of scikit-learn's; the others share their numbers.
RETIRED = {"sklearn": "scikit-learn", "tensorflow-gpu": "tensorflow", "pytorch": "torch"}
_UNNUMBERED = frozenset({"sklearn"})


def current(line: str) -> str:
    """`line` under the name that its distribution has today; most lines come back as they are."""
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return line
    name = canonicalize_name(requirement.name)
    if name not in RETIRED or requirement.url:
        return line
    if name in _UNNUMBERED:
        return RETIRED[name] + (f" ; {requirement.marker}" if requirement.marker else "")
    return re.sub(re.escape(requirement.name), RETIRED[name], line, count=1)
