"""Fronts for these tests are those of the server's tests."""

from server.front.conftest import echo, new_front

__all__ = ["echo", "new_front"]
