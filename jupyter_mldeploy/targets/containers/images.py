"""The image of a bundle's environment: found by the digest of all that it is made from, else built."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from ... import bundle as bundles
from ... import image
from ...disk import locked
from ...errors import TargetUnavailable
from ...image import building, contexts, host
from ...image.dockerfiles import LABEL, STAGE, last_base
from ...specs import Bundle, EnvironmentSpec
from . import engine, wishes
from .wishes import Wishes

Say = Callable[[str], None]
NAME = "jupyter-mldeploy/environment"
TURNS = Path(gettempdir()) / f"jupyter-mldeploy-{os.getuid()}-build.lock"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}  # as kernels say it → as images do
PROBE = "import json,platform,sys; print(json.dumps([platform.python_version(), platform.libc_ver()[0]]))"


def content(bundle: Bundle, wish: Wishes) -> image.Content:
    """What the image of a bundle's environment is made from; the bundle itself comes by volume."""
    lock = bundles.lock_of(bundle)
    asked = bundles.manifest(bundle)["environment"]
    spec = EnvironmentSpec(asked["name"], pip=lock.requirements, conda=lock.conda, docker=contexts.resolved(bundle))
    labels = {"lock": lock.digest, "python": lock.python}
    return image.Content(bundle, spec, lock, {}, wish.base_image, app=False, mounts=False, labels=labels)


def prepared(client: Any, bundle: Bundle, wish: Wishes, say: Say) -> str:
    """The name of the image, which is built when the engine does not have it. Raises what `building.build` does."""
    made = content(bundle, wish)
    with TemporaryDirectory(prefix="mldeploy-image-") as name:
        folder = Path(name)
        image.write_environment(made, folder)
        tag = f"{NAME}:{_digest(folder, _id_of_base(client, made))}"
        if engine.found(client.images.get, tag) is None:
            _build(client, made, folder, wish, (tag, say))
    return tag


def packaged(client: Any, made: image.Content, tag: str, say: Say) -> None:
    """Build an image that holds the bundle too, under the name `tag`. Raises what `building.build` does."""
    wish = wishes.read({})
    made = replace(made, base=wish.base_image, mounts=False)
    with TemporaryDirectory(prefix="mldeploy-image-") as name:
        image.write(made, Path(name))
        _build(client, made, Path(name), wish, (tag, say))


def _build(client: Any, made: image.Content, folder: Path, wish: Wishes, to: tuple[str, Say]) -> None:
    tag, say = to
    base = image.base_of(made)
    named = base or last_base(str(made.environment.docker["base_dockerfile"]))
    with engine.translated(f"build an image on {named}"), locked(TURNS, wait=3600):
        # In turns, or one build would take another's stages away.
        client.api.reload_config()  # a login may be newer than the client
        given = host.write(folder / "build", made.lock, wish.wheelhouse)
        more = {"buildargs": dict(given.arguments), **({"network_mode": "none"} if given.offline else {})}
        built = _Build(client, folder, {**more, "base": named}, say)
        stage = token_hex(8) if given.secret else made.stage
        try:
            python = _python_of(client, base, say) if base else built.base_python(tag)
            (folder / "Dockerfile").write_text(image.dockerfile(replace(made, base_python=python, stage=stage)))
            say(f"Building {tag}")
            built.make(tag)
        finally:
            if base == "":
                built.forget_base(tag)
            if given.secret:  # the stage that built has seen passwords
                client.images.prune({"dangling": True, "label": f"{LABEL}.stage={stage}"})


@dataclass(frozen=True)
class _Build:
    """One build of the context in `folder`, `given` what the engine is told of it."""

    client: Any
    folder: Path
    given: Mapping[str, Any]
    say: Say

    def make(self, tag: str, **more: str) -> None:
        building.build(self.client.api, self.folder, tag, {**self.given, **more}, self.say)

    def base_python(self, tag: str) -> str:
        """The Python of what the user's own Dockerfile makes, which is built first."""
        self.make(base_tag(tag), target=STAGE)
        return _python_of(self.client, base_tag(tag), self.say, str(self.given["base"]))

    def forget_base(self, tag: str) -> None:
        with engine.unless_gone():
            self.client.images.remove(base_tag(tag), force=True, noprune=True)


def base_tag(tag: str) -> str:
    return f"{NAME}-base:{hashlib.sha256(tag.encode()).hexdigest()[:20]}"


def _python_of(client: Any, base: str, say: Say, named: str = "") -> str:
    """The version of the base image's Python; the image is pulled first when the engine does not have it.

    Raises `TargetUnavailable` for another architecture, for musl, and where there is no Python.
    """
    found = engine.found(client.images.get, base) or _pulled(client, base, say)
    wanted, named = client.info()["Architecture"], named or base
    if (has := found.attrs["Architecture"]) != MACHINES.get(wanted, wanted):
        raise TargetUnavailable(
            f"The base image {named!r} is for {has}, and the engine's machine is {wanted}. Choose one that has its own."
        )
    python, libc = json.loads(_probed(client, base, named))
    if libc != "glibc":
        raise TargetUnavailable(
            f"The base image {named!r} is built on musl (Alpine is), which the packages' wheels do not run on. "
            "Choose one with glibc, such as python:3.12-slim."
        )
    return str(python)


def _probed(client: Any, base: str, named: str) -> bytes:
    command = {"command": ["-c", PROBE], "entrypoint": ["python3"], "user": "0", "network_mode": "none"}
    made = client.containers.create(base, **command)
    try:
        made.start()
        if made.wait()["StatusCode"] == 0:
            said: bytes = made.logs(stderr=False)
            return said
        raise building.explained(made.logs().decode(errors="replace"), named)
    except engine.refused() as error:
        raise building.explained(str(error), named) from error
    finally:
        made.remove(force=True, v=True)


def _pulled(client: Any, base: str, say: Say) -> Any:
    say(f"Pulling {base}")
    try:
        return client.images.pull(base)
    except engine.refused() as error:
        raise building.explained(str(error), base) from error


def _id_of_base(client: Any, made: image.Content) -> str:
    """What the engine has under the base image's name, which may be another one tomorrow."""
    found = engine.found(client.images.get, image.base_of(made)) if image.base_of(made) else None
    return str(found.id) if found is not None else ""


def _digest(folder: Path, base: str) -> str:
    """Of all files of a build's context, and the base image."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [[path.relative_to(folder).as_posix(), bundles.sha256(path), path.stat().st_mode & 0o111] for path in files]
    return hashlib.sha256(json.dumps([base, lines]).encode()).hexdigest()[:20]
