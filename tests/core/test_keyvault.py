"""A workspace's secrets."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from jupyter_mldeploy.core import Keyvault, Workspace
from jupyter_mldeploy.core.exceptions import UserErrorException
from jupyter_mldeploy.core.keyvault import KeyVaultContentType


@pytest.fixture
def vault(home: Path) -> Keyvault:
    return Workspace.create("mine-1", show_output=False).get_default_keyvault()


def test_what_is_set_is_found_again_by_another_object(vault: Keyvault) -> None:
    vault.set_secret("token", "one")
    vault.set_secrets({"other": "two", "third": "three"})
    vault.set_secret("token", "new")
    again = Keyvault(vault.workspace)
    assert again.get_secret("token") == "new"
    assert again.get_secrets(["other", "third"]) == {"other": "two", "third": "three"}
    assert [secret["name"] for secret in again.list_secrets()] == ["other", "third", "token"]
    assert "new" not in str(again.list_secrets())


def test_the_content_type_is_kept(vault: Keyvault) -> None:
    vault.set_secret("token", "{}", content_type=KeyVaultContentType.json)
    assert vault.get_secret_content_type("token") == "application/json"


def test_the_file_is_for_its_owner_only(vault: Keyvault, home: Path) -> None:
    vault.set_secret("token", "one")
    assert stat.S_IMODE((home / "mine-1" / "secrets.json").stat().st_mode) == 0o600


def test_deleting_one_and_several(vault: Keyvault) -> None:
    vault.set_secrets({"a": "1", "b": "2", "c": "3"})
    vault.delete_secret("a")
    with pytest.raises(UserErrorException, match="Secrets: b, c"):
        vault.delete_secrets(["b", "unknown"])
    assert len(vault.list_secrets()) == 2
    vault.delete_secrets(["b", "c"])
    assert vault.list_secrets() == []


def test_a_missing_secret_lists_the_known(vault: Keyvault) -> None:
    vault.set_secret("known", "x")
    for call in (vault.get_secret, vault.get_secret_content_type, vault.delete_secret):
        with pytest.raises(UserErrorException, match=r"'other'\. Secrets: known"):
            call("other")


@pytest.mark.parametrize(("name", "value"), [("", "x"), (" ", "x"), (None, "x"), ("a", 3), ("a", None)])
def test_names_and_values_are_texts(vault: Keyvault, name: str, value: str) -> None:
    with pytest.raises(UserErrorException):
        vault.set_secret(name, value)
    assert vault.list_secrets() == []
