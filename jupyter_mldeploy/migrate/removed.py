"""Names that NumPy, pandas and scikit-learn have removed: what the compatibility layer supplies, by its own tables."""

from __future__ import annotations

from importlib import import_module

from ..server.legacy import Gone
from ..server.legacy.finder import WATCHED
from ..server.legacy.pandas_modules import PLACES as PANDAS
from ..server.legacy.sklearn_modules import PLACES as SKLEARN
from .sdk import Verdict

LAYER = "jupyter_mldeploy.server.legacy"
V2 = "azure.ai.ml"
SUPPLIED = "the library has it no more; it is supplied"


def of_import(module: str) -> Verdict | None:
    """What is to be said of importing a module that is not of the SDK."""
    if module in SKLEARN or module in PANDAS:
        return Verdict(SUPPLIED, hand=False)
    if module == V2 or module.startswith(f"{V2}."):
        return Verdict("is version 2 of the SDK; what stands here is version 1, azureml.core", hand=True)
    return None


def of_name(module: str, name: str) -> Verdict | None:
    """What is to be said of `module.name` outside the SDK."""
    makers = import_module(f"{LAYER}.{WATCHED[module]}").names(module) if module in WATCHED else {}
    if name not in makers:
        return None if of_import(module) else of_import(f"{module}.{name}")  # said once, of the module
    return _explained(makers[name]) or Verdict(SUPPLIED, hand=False)


def _explained(maker: object) -> Verdict | None:
    """The sentence of a name that cannot be supplied: its maker does nothing but raise it."""
    if getattr(maker, "__name__", "") != "explain" or not callable(maker):
        return None
    try:
        maker()
    except Gone as gone:
        return Verdict(str(gone), hand=True)
    return None
