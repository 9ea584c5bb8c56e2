"""Images to and from registries, with the logins of Docker's own store: its config.json and its credential helpers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ...errors import InvalidInput, MLDeployError, OperationFailed, TargetUnavailable
from . import engine

# What engines and registries say → what it means here; `{}` is the registry.
CAUSES: tuple[tuple[str, type[MLDeployError], str], ...] = (
    (
        r"unauthorized|authentication required|no basic auth|denied|forbidden",
        TargetUnavailable,
        "The registry {} does not let you in, or has no such place for you. Log in, then try again: docker login {}",
    ),
    (
        r"manifest unknown|not found",
        TargetUnavailable,
        "The registry {} has no such image.",
    ),
    (
        r"x509:|certificate",
        TargetUnavailable,
        "The engine does not trust the certificate of the registry {}. Put its authority's on the engine's machine, at "
        "/etc/docker/certs.d/{}/ca.crt.",
    ),
    (
        r"server gave HTTP response",
        TargetUnavailable,
        "The registry {} speaks no TLS. Give it a certificate, or name it in the engine's insecure-registries.",
    ),
    (
        r"dial tcp|no such host|refused|timeout|TLS handshake|EOF",
        TargetUnavailable,
        "The registry {} cannot be reached from the engine. Check its name, the network and the proxy.",
    ),
)


def named(name: str, registry: str) -> str:
    """The image `name` as `registry` (with a folder in it, or without) will have it."""
    place = registry.removeprefix("https://").strip("/")
    if not place or "://" in place:
        raise InvalidInput(f"{registry!r} is no registry. Give its address, such as registry.example:5000/team.")
    return f"{place}/{name}"


def host(name: str) -> str:
    """The registry in an image's name; Docker's own where it says none."""
    first, slash, _ = name.partition("/")
    return first if slash and (set(".:") & set(first) or first == "localhost") else "docker.io"


def pull(client: Any, name: str) -> Any:
    """Fetch an image. Raises `TargetUnavailable` where it cannot be had, or a login is needed."""
    with engine.translated(f"pull {name}"):
        client.api.reload_config()  # the login may be newer than the client
        try:
            return client.images.pull(name)
        except engine.refused() as error:
            raise _explained(str(error), name, "pull") from error


def push(client: Any, name: str, target: str, say: Callable[[str], None]) -> None:
    """Give the engine's image `name` to a registry, under the name `target`, by which the engine knows it from then
    on. Raises `TargetUnavailable` where the registry cannot be used, or wants a login."""
    with engine.translated(f"push {target}"):
        repository, _, tag = target.rpartition(":")
        client.api.reload_config()
        client.images.get(name).tag(repository, tag)
        say(f"Pushing {target}")
        for piece in client.api.push(repository, tag, stream=True, decode=True):
            if "error" in piece:
                raise _explained(str(piece["error"]), target, "push")
            if digest := piece.get("aux", {}).get("Digest"):
                say(f"digest {digest}")


def _explained(words: str, name: str, what: str) -> MLDeployError:
    for pattern, kind, sentence in CAUSES:
        if re.search(pattern, words, re.I):
            return kind(f"{sentence.replace('{}', host(name))} The engine was to {what} {name}, and said: {words}")
    return OperationFailed(f"The engine could not {what} {name}: {words}", stage=what)
