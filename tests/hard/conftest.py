"""The fronts of `tests/server/front`, here under load and ill treatment."""

from ..server.front.conftest import echo, new_front

__all__ = ["echo", "new_front"]
