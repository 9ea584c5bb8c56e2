"""ContainerRegistry: where a Docker image is pulled from. Twin of `azureml.core.container_registry`."""

from __future__ import annotations


class ContainerRegistry:
    """Address and login of an image registry; all None means a public one."""

    def __init__(self) -> None:
        self.address: str | None = None
        self.username: str | None = None
        self.password: str | None = None

    def __repr__(self) -> str:
        """Shows who logs in where, never the password."""
        return f"ContainerRegistry(address={self.address!r}, username={self.username!r})"
