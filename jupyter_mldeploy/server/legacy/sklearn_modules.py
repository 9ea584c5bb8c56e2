"""Where modules of scikit-learn are today that old code and old pickles name: most of them behind an underscore."""

from importlib.util import find_spec
from typing import Optional

# Old name → today's; a leading dot means a module here.
PLACES = {
    "sklearn.cross_validation": ".sklearn_cross_validation",
    "sklearn.grid_search": "sklearn.model_selection",
    "sklearn.learning_curve": "sklearn.model_selection",
    "sklearn.lda": "sklearn.discriminant_analysis",
    "sklearn.qda": "sklearn.discriminant_analysis",
    "sklearn.externals.joblib": "joblib",
    "sklearn.externals.joblib.numpy_pickle": "joblib.numpy_pickle",
    "sklearn.utils._joblib": "joblib",
    "sklearn.externals.six": "six",
    "sklearn.externals.six.moves": "six.moves",
    "sklearn.preprocessing.imputation": ".sklearn_imputer",
    "sklearn.utils.linear_assignment_": ".sklearn_functions",
    "sklearn.utils.linear_assignment": ".sklearn_functions",
    "sklearn.cluster.hierarchical": "sklearn.cluster._agglomerative",
    "sklearn.cluster.k_means_": "sklearn.cluster._kmeans",
    "sklearn.covariance.empirical_covariance_": "sklearn.covariance._empirical_covariance",
    "sklearn.decomposition.online_lda": "sklearn.decomposition._lda",
    "sklearn.ensemble.gradient_boosting": "sklearn.ensemble._gb",
    "sklearn.ensemble.voting_classifier": "sklearn.ensemble._voting",
    "sklearn.feature_extraction.hashing": "sklearn.feature_extraction._hash",
    "sklearn.neighbors.dist_metrics": "sklearn.metrics._dist_metrics",
    "sklearn.svm.classes": "sklearn.svm._classes",
    "sklearn.tree.tree": "sklearn.tree._classes",
}


def place_of(fullname: str) -> Optional[str]:
    """The module that has the content of `fullname` now; None when it is not known to have moved."""
    if fullname in PLACES:
        place = PLACES[fullname]
        return place if place.startswith(".") or _exists(place) else None
    parent, _, name = fullname.rpartition(".")
    if name.startswith("_"):
        return None
    for candidate in (f"{parent}._{name}", f"{parent}._{name.rstrip('_')}"):
        if _exists(candidate):
            return candidate
    return None


def _exists(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
