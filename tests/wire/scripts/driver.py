"""A generated driver: the outer init, the inner run."""

import types

driver_module = types.ModuleType("driver")
driver_module.__file__ = __file__
driver_module.run = lambda data: {"inner": data, "ready": READY}
READY = []


def init() -> None:
    READY.append("outer")


def run(data):
    return "outer"
