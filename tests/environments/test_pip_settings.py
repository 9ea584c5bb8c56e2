"""pip's own settings, read as pip reads them, in uv's words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_mldeploy.environments import pip_settings
from jupyter_mldeploy.errors import EnvironmentUnresolvable


def conf(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with nothing in it; the machine's own files still count, so tests set what they look at."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_files_sections_and_variables_override_each_other_as_in_pip(user: Path, tmp_path: Path) -> None:
    conf(user / ".pip/pip.conf", "[global]\nindex-url = https://old\ntimeout = 5\n")
    conf(user / ".config/pip/pip.conf", "[global]\nindex_url = https://mine\n[install]\nfind-links = /a\n    /b\n")
    named = conf(tmp_path / "named.conf", "[global]\nindex-url = https://named\nfind-links = /c\n")
    assert pip_settings.read({})["index-url"] == "https://mine"
    assert pip_settings.read({})["timeout"] == "5"
    assert pip_settings.read({})["find-links"].split() == ["/a", "/b"]
    assert pip_settings.read({"PIP_INDEX_URL": "https://now"})["index-url"] == "https://now"
    by_name = pip_settings.read({"PIP_CONFIG_FILE": str(named)})
    assert by_name["index-url"] == "https://named"
    assert "timeout" not in by_name or by_name["timeout"] != "5"
    assert pip_settings.read({"PIP_CONFIG_FILE": os.devnull}) == {}


def test_uv_gets_what_pip_would_use(user: Path) -> None:
    given = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "https://main/simple",
        "PIP_EXTRA_INDEX_URL": "https://one/simple https://two/simple",
        "PIP_FIND_LINKS": "~/wheels https://three/flat",
        "PIP_TRUSTED_HOST": "one two:8080",
        "PIP_CERT": "/etc/ssl/own.pem",
        "PIP_CLIENT_CERT": "/etc/ssl/me.pem",
        "PIP_DEFAULT_TIMEOUT": "77",
        "PIP_PROXY": "http://proxy:3128",
    }
    uv = pip_settings.for_uv((), given)
    assert uv["UV_DEFAULT_INDEX"] == "https://main/simple"
    assert uv["UV_EXTRA_INDEX_URL"] == "https://one/simple https://two/simple"
    assert uv["UV_FIND_LINKS"] == f"{user}/wheels,https://three/flat"
    assert uv["UV_INSECURE_HOST"] == "one two:8080"
    assert (uv["SSL_CERT_FILE"], uv["SSL_CLIENT_CERT"]) == ("/etc/ssl/own.pem", "/etc/ssl/me.pem")
    assert (uv["UV_HTTP_TIMEOUT"], uv["HTTPS_PROXY"]) == ("77", "http://proxy:3128")
    assert uv["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert pip_settings.flags({**given, "PIP_NO_INDEX": "yes"}) == ["--no-index"]
    assert pip_settings.flags({**given, "PIP_NO_INDEX": "no"}) == []


def test_what_was_set_for_uv_on_purpose_stays() -> None:
    given = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "https://pip", "UV_DEFAULT_INDEX": "https://uv"}
    assert "UV_DEFAULT_INDEX" not in pip_settings.for_uv((), given)
    assert "SSL_CERT_FILE" not in pip_settings.for_uv((), {**given, "SSL_CERT_FILE": "/x", "PIP_CERT": "/y"})


def test_an_environments_own_options_go_before_pips_settings() -> None:
    given = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "https://pip"}
    uv = pip_settings.for_uv(("--index-url=https://own", "--trusted-host own", "--pre"), given)
    assert "UV_DEFAULT_INDEX" not in uv
    assert (uv["UV_INSECURE_HOST"], uv["UV_PRERELEASE"]) == ("own", "allow")


def test_requests_certificates_count_and_without_any_the_systems_store_does() -> None:
    none = {"PIP_CONFIG_FILE": os.devnull}
    assert pip_settings.for_uv((), {**none, "REQUESTS_CA_BUNDLE": "/ca.pem"})["SSL_CERT_FILE"] == "/ca.pem"
    assert pip_settings.for_uv((), none)["UV_SYSTEM_CERTS"] == "1"


def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = conf(tmp_path / "broken.conf", "index-url = https://no.section\n")
    with pytest.raises(EnvironmentUnresolvable) as caught:
        pip_settings.read({"PIP_CONFIG_FILE": str(broken)})
    assert str(broken) in caught.value.message
