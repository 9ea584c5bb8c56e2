"""The one line that tells of a library's removed names, at the first that is used in a process."""

import sys
from typing import Set

# Table → the library's name, its module, how its names are written, and those that old code uses most.
LIBRARIES = {
    "numpy_names": (
        "NumPy",
        "numpy",
        "np.float np.int np.bool np.object np.str np.float_ np.NaN np.Inf np.asscalar np.product np.in1d np.trapz",
    ),
    "pandas_names": (
        "pandas",
        "pandas",
        "DataFrame.append DataFrame.iteritems Series.append Series.iteritems pandas.io.json.json_normalize pd.datetime",
    ),
    "sklearn_names": (
        "scikit-learn",
        "sklearn",
        "sklearn.externals.joblib sklearn.preprocessing.Imputer sklearn.cross_validation sklearn.grid_search "
        "sklearn.metrics.scorer get_feature_names",
    ),
}
LIBRARIES["sklearn_modules"] = LIBRARIES["sklearn_names"]
LIBRARIES["pandas_modules"] = LIBRARIES["pandas_names"]
_told: Set[str] = set()


def say_once(name: str, table: str) -> None:
    """Tell on stderr that `name` is supplied; only at the first name of its library."""
    title, module, often = LIBRARIES[table]
    if not _first(title):
        return
    shown = name.replace("numpy.", "np.", 1) if name.startswith("numpy.") else name
    missing = [each for each in often.split() if each != shown and not _there(module, each)]
    likewise = f"; likewise {', '.join(missing)} and others that code from before asks for" if missing else ""
    _tell(f"{title} {_version(module)} no longer has {shown}. It is supplied{likewise}.")


def tell_of_attribute(kind: str, name: str) -> None:
    """Tell that an unpickled estimator is given what it lacks; only at the first."""
    if _first("attributes"):
        _tell(
            f"This {kind} was unpickled from another version of scikit-learn than {_version('sklearn')}, which reads "
            f"{kind}.{name}. It is supplied, likewise what other estimators lack."
        )


def _first(what: str) -> bool:
    new = what not in _told
    _told.add(what)
    return new


def _version(module: str) -> str:
    return str(getattr(sys.modules.get(module), "__version__", ""))


def _tell(text: str) -> None:
    print(f"jupyter-mldeploy: {text} azureml.legacy(False) turns this off.", file=sys.stderr)


def _there(module: str, name: str) -> bool:
    """Whether the library has the name itself, so that the notice does not list it."""
    return name.partition(".")[2] in vars(sys.modules.get(module, sys))
