"""`sklearn.preprocessing.Imputer` of scikit-learn up to 0.21, on today's SimpleImputer."""

import math
from functools import lru_cache
from importlib import import_module
from typing import Any, Optional


def __getattr__(name: str) -> Any:
    if name == "Imputer":
        return _made()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@lru_cache(None)
def _made() -> Any:
    """The class, made when scikit-learn is wanted."""
    simple: Any = import_module("sklearn.impute").SimpleImputer

    class Imputer(simple):  # type: ignore[misc]
        """Fills gaps column by column. `axis=1`, row by row, is refused: nothing today does that."""

        def __init__(
            self,
            missing_values: Any = "NaN",
            strategy: str = "mean",
            axis: int = 0,
            verbose: int = 0,
            copy: bool = True,
            fill_value: Optional[Any] = None,
        ) -> None:
            if axis != 0:
                raise ValueError("Imputer(axis=1) cannot be supplied: transpose the data, or use DataFrame.apply.")
            self.axis, self.verbose = axis, verbose
            wanted = math.nan if isinstance(missing_values, str) and missing_values == "NaN" else missing_values
            super().__init__(missing_values=wanted, strategy=strategy, copy=copy, fill_value=fill_value)

    # A pickle names the class by its old place, which a service finds as well.
    Imputer.__module__, Imputer.__qualname__ = "sklearn.preprocessing.imputation", "Imputer"
    return Imputer
