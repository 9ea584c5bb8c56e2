"""A workspace's secrets: one file of mode 0600 in its folder. Names may be listed, values only asked for by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from .. import disk
from ..errors import known
from .exceptions import UserErrorException, translated

if TYPE_CHECKING:
    from .workspace import Workspace

_Secrets = dict[str, dict[str, str]]  # name → {"value", "contentType"}


class KeyVaultContentType(Enum):
    """What a secret holds, as a note to its readers."""

    not_provided = ""
    text = "text/plain"
    json = "application/json"


class Keyvault:
    """The secrets of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @property
    def _file(self) -> Path:
        return self.workspace._home.path / "secrets.json"

    def _read(self) -> _Secrets:
        return disk.read_json(self._file, _Secrets) if self._file.is_file() else {}

    @translated()
    def _change(self, changes: Mapping[str, dict[str, str] | None]) -> None:
        """Set or (None) remove secrets under the file's lock."""
        with disk.locked(self._file.with_suffix(".lock")):
            secrets = {**self._read(), **changes}
            disk.write_json(self._file, {name: secret for name, secret in secrets.items() if secret}, mode=0o600)

    @translated()
    def _secret(self, name: str) -> dict[str, str]:
        secrets = self._read()
        if name not in secrets:
            raise UserErrorException(
                f"No secret named {name!r}. {known('Secrets', secrets)} Store one with `set_secret(name, value)`."
            )
        return secrets[name]

    def set_secret(
        self, name: str, value: str, content_type: KeyVaultContentType = KeyVaultContentType.not_provided
    ) -> None:
        """Store or replace one secret; the value is a text."""
        self._change({_checked(name): {"value": _text(name, value), "contentType": content_type.value}})

    def set_secrets(self, secrets_batch: Mapping[str, str]) -> None:
        """Store or replace several secrets, name → value."""
        self._change({_checked(n): {"value": _text(n, v), "contentType": ""} for n, v in secrets_batch.items()})

    def get_secret(self, name: str) -> str:
        """The value. Unknown name: UserErrorException, which lists the known ones."""
        return self._secret(name)["value"]

    def get_secrets(self, secrets: Iterable[str]) -> dict[str, str]:
        return {name: self.get_secret(name) for name in secrets}

    def get_secret_content_type(self, name: str) -> str:
        return self._secret(name)["contentType"]

    def delete_secret(self, name: str) -> None:
        self.delete_secrets([name])

    def delete_secrets(self, secrets: Iterable[str]) -> None:
        """Delete several secrets, or none when one of them is unknown."""
        listed = list(secrets)
        for name in listed:
            self._secret(name)
        self._change(dict.fromkeys(listed))

    @translated()
    def list_secrets(self) -> list[dict[str, str]]:
        """One dict per secret, with `name` and `contentType`; never a value."""
        return [{"name": name, "contentType": secret["contentType"]} for name, secret in sorted(self._read().items())]


def _checked(name: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise UserErrorException(f"{name!r} cannot name a secret: a text that is not empty is needed.")
    return name


def _text(name: str, value: str) -> str:
    if not isinstance(value, str):
        raise UserErrorException(f"The secret {name!r} is of type {type(value).__name__}; secrets are texts.")
    return value
