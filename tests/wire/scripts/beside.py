"""Imports what lies in the source directory and in the app root."""

import in_root
import in_source


def init() -> None:
    pass


def run(data):
    return {"root": in_root.NAME, "source": in_source.NAME, "module": __name__, "data": data}
