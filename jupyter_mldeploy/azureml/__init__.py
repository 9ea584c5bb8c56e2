"""The alias: after `import jupyter_mldeploy.azureml`, or `%load_ext` of it, `azureml.core…` means ours.

In this process by a finder of imports, in its child processes by a folder on PYTHONPATH (`on_path`).
"""

from __future__ import annotations

import os
import sys
from typing import Any

from ..errors import MLDeployError
from ..server import legacy as layer
from . import old_models, pip_lines
from .finder import FINDER, FOLDER, ROOT, is_ours

VARIABLE = "PYTHONPATH"


class AliasRefused(MLDeployError, ImportError):
    """The real SDK is loaded already; two packages of one name in one process would mix their classes."""


def install() -> None:
    """Make `azureml` mean this package, here and in child processes; a second call changes nothing.

    Raises `AliasRefused` when a module of the real package was imported before.
    """
    if real := _real_modules():
        raise AliasRefused(
            f"The real Azure ML SDK was imported before ({real[0]}, from {sys.modules[real[0]].__file__}). "
            "Restart the kernel and run `import jupyter_mldeploy.azureml` before any azureml import."
        )
    _drop_namespace()
    if FINDER not in sys.meta_path:
        sys.meta_path.insert(0, FINDER)
    os.environ[VARIABLE] = os.pathsep.join([str(FOLDER), *_others()])
    _switch(layer.wanted())
    pip_lines.watch()


def legacy(on: bool = True) -> None:
    """Supply names that NumPy, scikit-learn and pandas have removed to code that still uses them, or stop it.

    It is on with the alias. What is decided here holds for this process, and for the child processes and services
    that it starts from now on; a name that a library has is never touched.
    """
    if on:
        os.environ.pop(layer.VARIABLE, None)
    else:
        os.environ[layer.VARIABLE] = "false"
    _switch(on)


def remove() -> None:
    """Undo `install`: the names go, and a later `import azureml` finds whatever is installed."""
    _switch(False)
    pip_lines.unwatch()
    if FINDER in sys.meta_path:
        sys.meta_path.remove(FINDER)
    for name, module in list(sys.modules.items()):
        if _below(name) and is_ours(module):
            del sys.modules[name]
    if others := _others():
        os.environ[VARIABLE] = os.pathsep.join(others)
    else:
        os.environ.pop(VARIABLE, None)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext jupyter_mldeploy.azureml`."""
    install()


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext jupyter_mldeploy.azureml`."""
    remove()


def _switch(on: bool) -> None:
    layer.switch(on)
    if on:
        old_models.watch()
    else:
        old_models.unwatch()


def _real_modules() -> list[str]:
    """Loaded modules of another `azureml`; a bare namespace, as a .pth file may leave one, is no module of anyone."""
    loaded = [(name, module) for name, module in list(sys.modules.items()) if _below(name)]
    return [name for name, module in loaded if getattr(module, "__file__", None) and not is_ours(module)]


def _drop_namespace() -> None:
    if ROOT in sys.modules and not is_ours(sys.modules[ROOT]):
        del sys.modules[ROOT]


def _below(name: str) -> bool:
    return name == ROOT or name.startswith(f"{ROOT}.")


def _others() -> list[str]:
    return [entry for entry in os.environ.get(VARIABLE, "").split(os.pathsep) if entry and entry != str(FOLDER)]


install()
