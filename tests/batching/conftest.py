"""The fronts of `tests/server/front`, with batching on."""

from ..server.front.conftest import new_front

__all__ = ["new_front"]
