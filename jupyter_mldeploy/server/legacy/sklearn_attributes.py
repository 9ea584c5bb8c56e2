"""Attributes that an estimator of an older scikit-learn lacks after it was unpickled, by those that it has."""

import functools
import inspect
from types import ModuleType
from typing import Any, Callable, Dict, List, Mapping

from .notice import tell_of_attribute

State = Mapping[str, Any]


def _widths(categories: Any, dropped: Any) -> List[int]:
    """How many columns each column became."""
    without = dropped if dropped is not None else [None] * len(categories)
    return [len(each) - (drop is not None) for each, drop in zip(categories, without)]  # noqa: B905 (Python 3.8)


MEANT: Dict[str, Callable[[State], Any]] = {  # attribute today → its value from what there was; KeyError: none
    "__sklearn_is_fitted__": lambda state: functools.partial(bool, state["_idf_diag"].shape),
    "_drop_idx_after_grouping": lambda state: state["drop_idx_"],
    "_fill_dtype": lambda state: state["statistics_"].dtype,
    "_fit_dtype": lambda state: state["statistics_"].dtype,
    "_infrequent_enabled": lambda state: not state["categories_"],
    "_n_threads": lambda state: min(1, len(state["cluster_centers_"])),
    "_n_features_outs": lambda state: _widths(state["categories_"], state.get("drop_idx_")),
    "_probA": lambda state: state["probA_"],
    "_probB": lambda state: state["probB_"],
    "idf_": lambda state: state["_idf_diag"].diagonal(),
    "sparse_output": lambda state: state["sparse"],
    "var_": lambda state: state["sigma_"],
}


def supply(layer: Any, module: ModuleType) -> None:
    """Let the estimators of scikit-learn answer for what they lack."""
    base = module.BaseEstimator
    if "__getattr__" in dir(base):
        return

    def attribute(self: Any, name: str) -> Any:
        if layer.on and type(self).__module__.startswith("sklearn."):
            try:
                value = value_of(self, name)
            except KeyError:
                pass
            else:
                tell_of_attribute(type(self).__name__, name)
                return value
        return object.__getattribute__(self, name)  # fails in its own words

    base.__getattr__ = attribute


def value_of(estimator: Any, name: str) -> Any:
    """An attribute that today's class reads and that the one which wrote the pickle did not have; KeyError: unknown.

    Parameters of the constructor that came later have their defaults, with which they change nothing.
    """
    if name in MEANT:
        return MEANT[name](vars(estimator))
    kind: Any = type(estimator)
    return _defaults(kind)[name]


@functools.lru_cache(None)
def _defaults(kind: Any) -> Mapping[str, Any]:
    """The constructor's parameters that have a default."""
    given = inspect.signature(kind).parameters.values()
    return {each.name: each.default for each in given if each.default is not inspect.Parameter.empty}
