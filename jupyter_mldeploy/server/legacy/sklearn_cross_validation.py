"""`sklearn.cross_validation` of scikit-learn up to 0.19, whose iterators took the data first."""

from importlib import import_module
from typing import Any, Iterator, Tuple

# What is the same in sklearn.model_selection.
_FUNCTIONS = ("check_cv", "cross_val_predict", "cross_val_score", "permutation_test_score", "train_test_split")
_CLASSES = ("KFold", "LeaveOneOut", "ShuffleSplit", "StratifiedKFold", "StratifiedShuffleSplit")
__all__ = [*_FUNCTIONS, *_CLASSES]  # noqa: PLE0604 (names, all of them texts)
Split = Tuple[Any, Any]


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS:
        return getattr(_today(), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _today() -> Any:
    return import_module("sklearn.model_selection")


class _Splits:
    """Pairs of training and test indices over data that was given beforehand."""

    def __init__(self, splitter: Any, y: Any) -> None:
        self._splitter, self._y = splitter, y

    def __iter__(self) -> Iterator[Split]:
        return iter(self._splitter.split(self._y, self._y))

    def __len__(self) -> int:
        return int(self._splitter.get_n_splits(self._y, self._y))


class KFold(_Splits):
    """`n` samples in `n_folds` parts."""

    def __init__(self, n: int, n_folds: int = 3, shuffle: bool = False, random_state: Any = None) -> None:
        chosen = random_state if shuffle else None
        super().__init__(_today().KFold(n_folds, shuffle=shuffle, random_state=chosen), [0] * n)


class StratifiedKFold(_Splits):
    """Parts with the classes of `y` in equal shares."""

    def __init__(self, y: Any, n_folds: int = 3, shuffle: bool = False, random_state: Any = None) -> None:
        chosen = random_state if shuffle else None
        super().__init__(_today().StratifiedKFold(n_folds, shuffle=shuffle, random_state=chosen), y)


class ShuffleSplit(_Splits):
    """`n_iter` random splits of `n` samples."""

    def __init__(
        self, n: int, n_iter: int = 10, test_size: Any = 0.1, train_size: Any = None, random_state: Any = None
    ) -> None:
        sizes = {"test_size": test_size, "train_size": train_size, "random_state": random_state}
        super().__init__(_today().ShuffleSplit(n_iter, **sizes), [0] * n)


class StratifiedShuffleSplit(_Splits):
    """`n_iter` random splits with the classes of `y` in equal shares."""

    def __init__(
        self, y: Any, n_iter: int = 10, test_size: Any = 0.1, train_size: Any = None, random_state: Any = None
    ) -> None:
        sizes = {"test_size": test_size, "train_size": train_size, "random_state": random_state}
        super().__init__(_today().StratifiedShuffleSplit(n_iter, **sizes), y)


class LeaveOneOut(_Splits):
    """Each of `n` samples once."""

    def __init__(self, n: int) -> None:
        super().__init__(_today().LeaveOneOut(), [0] * n)
