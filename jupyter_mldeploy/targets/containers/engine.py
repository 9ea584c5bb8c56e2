"""The engine, by the Docker SDK: found as its own tools find it, and its words turned into our errors."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from ...errors import DiskFull, InvalidInput, MLDeployError, NameTaken, OperationFailed, PortInUse, TargetUnavailable

PATIENCE = 120  # seconds for one answer of the engine
GLANCE = 2  # seconds that it may take to say that it is there
LOCAL = "unix:///var/run/docker.sock"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# What engines say → what it means here.
CAUSES: tuple[tuple[str, type[MLDeployError], str], ...] = (
    (
        r"port is already allocated|address already in use|ports are not available",
        PortInUse,
        "The port is taken by another program. Choose another, or leave it out for one that is free.",
    ),
    (
        r"name .* is already in use",
        NameTaken,
        "The engine has a container of that name that is not this service's: docker rm -f it, or rename the service.",
    ),
    (
        r"no space left on device|disk quota exceeded",
        DiskFull,
        "No room left where the engine keeps its data. Free some: docker system prune.",
    ),
    (
        r"could not select device driver|nvidia",
        TargetUnavailable,
        "The engine has no GPUs to give. Install the NVIDIA container toolkit, or deploy without gpus.",
    ),
    (
        r"invalid mount|bind source path|mount denied|is not shared from the host",
        InvalidInput,
        "A mount that was asked for cannot be made; its folder must be there, on the engine's machine.",
    ),
    (
        r"minimum memory limit|range of cpus",
        InvalidInput,
        "The engine cannot give the cpu or memory that was asked for.",
    ),
    (
        r"exec format error",
        TargetUnavailable,
        "The image is of another architecture than the engine's machine.",
    ),
)


def where() -> str:
    """The engine's address, as its own tools read it: `DOCKER_HOST`, else the context that they use."""
    if address := os.environ.get("DOCKER_HOST"):
        return address
    try:
        return str(_sdk().ContextAPI.kwargs_from_context().get("base_url") or LOCAL)
    except _errors() as error:
        raise TargetUnavailable(f"Docker's context cannot be used: {error}. See docker context ls.") from error


def is_remote() -> bool:
    """Whether the engine is reached by a network, so that its machine may be another one."""
    return urlsplit(where()).scheme not in ("unix", "npipe", "http+unix")


def check_published(host: str) -> None:
    """Raise `InvalidInput` where this machine could not reach what the engine publishes at `host`."""
    if is_remote() and _machine() not in LOOPBACK and host in LOOPBACK:
        raise InvalidInput(
            f"The engine runs on {_machine()}, and a service that is published at its {host} cannot be reached from "
            "here. Publish it at another address of that machine, with its network and keys in mind: "
            "config.docker = {'publish': '0.0.0.0'}, or MLDEPLOY_PUBLISH."
        )


def machine(host: str) -> str:
    """Where this machine reaches what the engine publishes at `host`."""
    if is_remote() and host in ("0.0.0.0", "::"):  # noqa: S104 - compared with, not bound to
        host = _machine() or host
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - as above
    return f"[{host}]" if ":" in host else host


def connect() -> Any:
    """The SDK's client. Raises `TargetUnavailable` where none answers, you may not use it, or the SDK is missing."""
    made = _client(where(), *map(os.environ.get, ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")))
    with translated("say that it is there"):
        made.ping()
    return made


def answers() -> bool:
    """Whether an engine answers here, asked quickly."""
    try:
        made = _made(GLANCE)
    except MLDeployError:
        return False
    except _errors():
        return False
    try:
        return bool(made.ping())
    except _errors():
        return False
    finally:
        made.close()


@lru_cache(maxsize=4)
def is_podman(client: Any) -> bool:
    """Whether Podman answers, which speaks Docker's language with a few words missing."""
    return any("podman" in part["Name"].lower() for part in client.version().get("Components") or ())


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn what the SDK raises while it is to do `what` into our errors."""
    try:
        yield
    except _errors() as error:
        raise explained(error, what) from error


def explained(error: Exception, what: str) -> MLDeployError:
    """The error of ours that stands for one of the SDK's."""
    words = str(getattr(error, "explanation", None) or error)
    if "redentials store" in words:
        return TargetUnavailable(f"Docker's credential helper, which its config.json names, did not work: {words}")
    for pattern, kind, sentence in CAUSES:
        if re.search(pattern, words, re.I):
            return kind(f"{sentence} The engine was to {what}, and said: {words}")
    if "Permission denied" in words:
        own = (
            "DOCKER_HOST=unix://$XDG_RUNTIME_DIR/podman/podman.sock is your own"
            if "podman" in where()
            else ("Join its group (sudo usermod -aG docker $USER, then log in again)")
        )
        return TargetUnavailable(f"You may not use the engine at {where()}. {own}, or deploy with target 'process'.")
    unanswered = getattr(error, "response", None) is None
    if "HTTP request to an HTTPS server" in words or (unanswered and re.search(r"\bSSL|\bTLS", words)):
        return TargetUnavailable(
            f"The engine at {where()} takes calls by TLS, and it and this client do not know each other. Set "
            f"DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem. ({words})"
        )
    if unanswered:
        return TargetUnavailable(
            f"No Docker engine answers at {where()}; it was to {what}. Start it, set DOCKER_HOST, or deploy with "
            f"target 'process'. ({words})"
        )
    return OperationFailed(f"The engine could not {what}: {words}", stage="start")


def is_gone(error: Exception) -> bool:
    """Whether the SDK says that something is not there."""
    return isinstance(error, _sdk().errors.NotFound)


@contextmanager
def unless_gone() -> Iterator[None]:
    """What is not there any more need not be removed."""
    try:
        yield
    except _sdk().errors.NotFound:
        pass


def found(get: Callable[[str], Any], name: str) -> Any:
    """What `get` has by this name, or None."""
    try:
        return get(name)
    except _sdk().errors.NotFound:
        return None


@lru_cache(maxsize=4)
def _client(address: str, *_tls: str | None) -> Any:
    with translated("say its version"):
        return _made(PATIENCE)


def _made(timeout: int) -> Any:
    """A client of the SDK's, as its `from_env` makes it."""
    sdk = _sdk()
    given = sdk.utils.kwargs_from_env()
    if "base_url" not in given:
        given = sdk.ContextAPI.kwargs_from_context() | given
    if tls := given.get("tls"):
        _trusting_its_own(tls)
    return sdk.DockerClient(timeout=timeout, use_ssh_client=True, **given)


def _trusting_its_own(tls: Any) -> None:
    """Have the engine's own authority count where REQUESTS_CA_BUNDLE names one for all else, which requests prefers."""
    configure = tls.configure_client

    def configured(client: Any) -> None:
        configure(client)
        client.trust_env = False

    tls.configure_client = configured


def _machine() -> str:
    return urlsplit(where()).hostname or ""


def refused() -> tuple[type[Exception], ...]:
    """What the SDK raises when the engine answers with a no."""
    errors = _sdk().errors
    return errors.APIError, errors.ContainerError


def _sdk() -> Any:
    """Imported late: it takes a quarter of a second."""
    try:
        return import_module("docker")
    except ImportError as error:
        raise TargetUnavailable(
            "The Docker SDK for Python is missing. Install it with: pip install 'jupyter-mldeploy[docker]'"
        ) from error


def _errors() -> tuple[type[Exception], ...]:
    requests, urllib3 = import_module("requests"), import_module("urllib3")
    known = _sdk().errors.DockerException, requests.exceptions.RequestException, urllib3.exceptions.HTTPError
    return *known, ConnectionError
