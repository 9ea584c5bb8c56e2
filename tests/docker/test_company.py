"""Builds in a company's network: by its proxy, from its index, with its certificates; none of it is in the image."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import engine as engines
import pytest
from authority import authority
from company import INDEX, PROXY, Index, Proxy, serving
from on_engine import Containers
from sandbox import VERSION

from jupyter_mldeploy.errors import TargetUnavailable

pytestmark = pytest.mark.timeout(900)  # the first of them has the engine made
PASSWORDS = [login.partition(":")[2].encode() for login in (INDEX, PROXY)]


def fresh() -> str:
    """A base of which nothing is in the engine's cache."""
    return f"FROM {engines.BASE}\nRUN echo {os.urandom(4).hex()}"


def knowing(pieces: Iterator[bytes]) -> list[bytes]:
    """Which passwords, and which certificate's path, are somewhere in a stream."""
    rest, found = b"", set[bytes]()
    for piece in pieces:
        rest = rest[-200:] + piece
        found |= {word for word in (*PASSWORDS, b"/opt/build/authorities.pem") if word in rest}
    return sorted(found)


def test_a_build_by_proxy_and_private_index_leaves_no_password_anywhere(
    containers: Containers, wheelhouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (network,) = containers.client.networks.get("bridge").attrs["IPAM"]["Config"]
    host, ca = str(next(ip_network(network["Subnet"]).hosts())), authority(tmp_path)
    ca.issue("index", host=host)
    index, proxy = Index(host, wheelhouse, ca.files), Proxy(host)
    before, said = containers.images(), list[str]()
    made = containers.bundle(VERSION.format("one"), base_dockerfile=fresh())
    with serving(index, proxy), monkeypatch.context() as patched:
        patched.setenv("PIP_CONFIG_FILE", os.devnull)
        patched.setenv("PIP_CERT", ca.own)
        patched.setenv("PIP_INDEX_URL", f"https://{INDEX}@{host}:{index.server_port}/simple")
        patched.setenv("HTTPS_PROXY", f"http://{PROXY}@{host}:{proxy.server_address[1]}")
        containers.target.prepare(made, containers.settings(), said.append)
    assert set(proxy.connected) == {f"{host}:{index.server_port}"}
    assert any("/packaging" in path for path in index.asked) and any("/uv-" in path for path in index.asked)
    assert not [line for line in said if any(word.decode() in line for word in PASSWORDS)]
    handle = containers.started(made)
    assert containers.answer(handle) == "one"
    new = containers.images() - before
    assert new and not [one for one in new if any(word in containers.known_of(one) for word in PASSWORDS)]
    image = containers.client.images.get(handle.data["image"])
    assert knowing(image.save()) == []


def test_an_index_that_the_build_does_not_reach_is_said(
    containers: Containers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "https://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    made = containers.bundle(VERSION.format("one"), pip=("packaging", "requests"))  # which no other test has
    with pytest.raises(TargetUnavailable, match=r"does not reach its package index.*127\.0\.0\.1"):
        containers.target.prepare(made, containers.settings(), str)


def test_a_search_for_passwords_finds_them() -> None:
    with io.BytesIO() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            entry = tarfile.TarInfo("settings")
            entry.size = len(PASSWORDS[0])
            archive.addfile(entry, io.BytesIO(PASSWORDS[0]))
        whole = file.getvalue()
    assert knowing(iter([whole[:515], whole[515:]])) == [PASSWORDS[0]]
