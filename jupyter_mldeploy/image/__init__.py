"""A bundle as a folder that a Docker builder makes an image of: Dockerfile text, the app, and the scoring server."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from .. import bundle as bundles
from ..server import control
from ..specs import Bundle
from . import contexts, pins
from .contexts import resolved
from .dockerfiles import (
    APP,
    MADE_BY,
    PORT,
    PYTHON,
    SERVER,
    SERVICE,
    USER,
    Content,
    base_of,
    dockerfile,
    variables_inside,
)

__all__ = [
    "APP",
    "PORT",
    "PYTHON",
    "SERVER",
    "SERVICE",
    "USER",
    "Content",
    "base_of",
    "dockerfile",
    "entries",
    "is_context",
    "resolved",
    "variables_inside",
    "write",
    "write_environment",
]
MAIN = '''"""Starts the scoring server on this app, as the image's own command does."""

import sys

sys.path.insert(0, "{server}")
from mldeploy_server.front.main import main

sys.exit(main(["{service}/front.json"]))
'''
SETTINGS = """# Exports for this build alone: certificates, indexes, a wheelhouse. No image keeps this folder.
# export PIP_CERT=/opt/build/authorities.pem SSL_CERT_FILE=/opt/build/authorities.pem
"""


def write(content: Content, folder: Path) -> None:
    """Fill the empty `folder` with all that the build needs."""
    app = folder / "azureml-app"
    _fill_app(content.bundle, app)
    if not (app / "main.py").exists():
        (app / "main.py").write_text(MAIN.format(server=SERVER, service=SERVICE))
    (folder / "front.json").write_text(json.dumps(content.front, indent=2, sort_keys=True) + "\n")
    write_environment(content, folder)


def write_environment(content: Content, folder: Path) -> None:
    """Fill `folder` with what server and environment are built from; the app and its configuration are not needed."""
    source = Path(control.__file__).parent
    shutil.copytree(source, folder / "mldeploy_server", ignore=shutil.ignore_patterns("__pycache__"))
    pins.write(content, folder)
    contexts.carry(content.bundle, folder)
    (folder / "build" / "settings").write_text(SETTINGS)
    (folder / "Dockerfile").write_text(dockerfile(content))
    (folder / ".dockerignore").write_text("Dockerfile\n.dockerignore\n")


def entries(bundle: Bundle) -> tuple[str, ...]:
    """The top of a bundle's app, as the image takes it in: what starts it (the folder's owner becomes that file's),
    then the models, then the source."""
    source = Path(bundle.path) / "source"
    own = sorted(f"{path.name}/" if path.is_dir() else path.name for path in source.iterdir())
    models = [f"{bundles.MODELS}/"] if (Path(bundle.path) / bundles.MODELS).is_dir() else []
    return ("main.py", *models, *(name for name in own if name != "main.py"))


def is_context(folder: Path) -> bool:
    """Whether `write` filled this folder."""
    file = folder / "Dockerfile"
    return file.is_file() and file.read_text(errors="replace").startswith(MADE_BY)


def _fill_app(bundle: Bundle, app: Path) -> None:
    """The app root as scripts expect it; models are linked where the file system can."""
    source = Path(bundle.path)
    shutil.copytree(source / "source", app)
    if (source / bundles.MODELS).is_dir():
        shutil.copytree(source / bundles.MODELS, app / bundles.MODELS, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
