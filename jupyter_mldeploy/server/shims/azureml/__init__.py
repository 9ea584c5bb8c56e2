"""The `azureml` names that entry scripts import inside a service; what is missing says so when it is used.

First on the worker's path, so that an azureml-core in the user's environment does not hide it.
"""

import sys
from importlib import import_module

from .absent import Finder


def legacy(on: bool = True) -> None:
    """Supply names that NumPy, scikit-learn and pandas have removed, as a service does from its start, or stop it."""
    import_module("mldeploy_server.legacy").switch(on)  # named late: a script's own processes may not have it


sys.meta_path.append(Finder)
