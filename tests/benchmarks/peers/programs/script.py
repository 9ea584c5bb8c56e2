"""The entry script that BENCH_SCRIPT names, with its `init` done: what every server of the comparison runs."""

import importlib
import os
import sys
from types import ModuleType


def loaded() -> ModuleType:
    folder, name = os.path.split(os.environ["BENCH_SCRIPT"])
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module = importlib.import_module(name.removesuffix(".py"))
    module.init()
    return module
