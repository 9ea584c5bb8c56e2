"""Names that pandas removed from its modules, and what stands for them."""

import datetime
import sys
from importlib import import_module
from typing import Any, Callable, Dict

Maker = Callable[[], Any]


def names(module: str) -> Dict[str, Maker]:
    """Removed name → what makes its value, for one of pandas' modules."""
    return _MAKERS.get(module, {})


def _pd() -> Any:
    return sys.modules["pandas"]


def value_counts(values: Any, **options: Any) -> Any:
    """How often each value occurs."""
    return _pd().Series(values).value_counts(**options)


_MAKERS: Dict[str, Dict[str, Maker]] = {
    "pandas": {
        "datetime": lambda: datetime.datetime,
        "np": lambda: import_module("numpy"),
        "scatter_matrix": lambda: import_module("pandas.plotting").scatter_matrix,
        "Int64Index": lambda: _pd().Index,
        "UInt64Index": lambda: _pd().Index,
        "Float64Index": lambda: _pd().Index,
        "value_counts": lambda: value_counts,
    },
    "pandas.io.json": {"json_normalize": lambda: _pd().json_normalize},
}
