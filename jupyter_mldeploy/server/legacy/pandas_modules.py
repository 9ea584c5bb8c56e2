"""Where modules of pandas are today that old code names."""

from typing import Optional

PLACES = {
    "pandas.util.testing": "pandas.testing",
    "pandas.tools": "pandas",
    "pandas.tools.plotting": "pandas.plotting",
}


def place_of(fullname: str) -> Optional[str]:
    """The module that has the content of `fullname` now."""
    return PLACES.get(fullname)
