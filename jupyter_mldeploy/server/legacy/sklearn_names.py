"""Names that scikit-learn removed from its modules, and what stands for them; some can only be explained."""

from importlib import import_module
from typing import Any, Callable, Dict, NoReturn

from .finder import Gone

Maker = Callable[[], Any]

BOSTON = (
    "sklearn.datasets.load_boston is gone since scikit-learn 1.2, for an ethical problem: one of its columns was "
    "derived from the share of Black people in a town, on the assumption that segregation raises house prices. "
    "load_diabetes() is a regression data set that comes with scikit-learn; fetch_california_housing() fetches house "
    "prices from the internet."
)
MLDATA = (
    "sklearn.datasets.fetch_mldata is gone: mldata.org does not exist any more. "
    "fetch_openml(name, version=1) fetches the same data sets, load_digits() comes with scikit-learn."
)


def names(module: str) -> Dict[str, Maker]:
    """Removed name → what makes its value, for one of scikit-learn's modules."""
    return _MAKERS.get(module, {})


def _of(module: str, name: str) -> Maker:
    """`name` of another module, one of the folder here when it begins with a dot."""
    return lambda: getattr(import_module(module, __package__), name)


def _module(name: str) -> Maker:
    return lambda: import_module(name)


def _gone(text: str) -> Maker:
    def explain() -> NoReturn:
        raise Gone(text)

    return explain


_FUNCTIONS = ".sklearn_functions"
_MAKERS: Dict[str, Dict[str, Maker]] = {
    "sklearn": {
        name: _module(f"sklearn.{name}") for name in ("cross_validation", "grid_search", "learning_curve", "lda", "qda")
    },
    "sklearn.externals": {name: _module(f"sklearn.externals.{name}") for name in ("joblib", "six")},
    "sklearn.datasets": {"load_boston": _gone(BOSTON), "fetch_mldata": _gone(MLDATA)},
    "sklearn.decomposition": {"RandomizedPCA": _of(_FUNCTIONS, "randomized_pca")},
    "sklearn.feature_extraction.text": {"stop_words": _module("sklearn.feature_extraction._stop_words")},
    "sklearn.feature_extraction": {"stop_words": _module("sklearn.feature_extraction._stop_words")},
    "sklearn.metrics": {
        "scorer": _module("sklearn.metrics._scorer"),
        "calinski_harabaz_score": _of("sklearn.metrics", "calinski_harabasz_score"),
        "jaccard_similarity_score": _of(_FUNCTIONS, "jaccard_similarity_score"),
        "plot_confusion_matrix": _of(_FUNCTIONS, "plot_confusion_matrix"),
        "plot_roc_curve": _of(_FUNCTIONS, "plot_roc_curve"),
        "plot_precision_recall_curve": _of(_FUNCTIONS, "plot_precision_recall_curve"),
    },
    "sklearn.preprocessing": {
        "Imputer": _of(".sklearn_imputer", "Imputer"),
        "CategoricalEncoder": _of("sklearn.preprocessing", "OneHotEncoder"),
    },
    "sklearn.utils": {
        "joblib": _module("joblib"),
        "safe_indexing": _of("sklearn.utils", "_safe_indexing"),
        "linear_assignment_": _module(f"{__package__}.sklearn_functions"),
    },
}
