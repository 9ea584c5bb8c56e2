"""The checks of an inference configuration, numbered and ordered as v1's (spec, section 7)."""

from __future__ import annotations

import ast
import keyword
import logging
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import UserErrorException, WebserviceException

if TYPE_CHECKING:
    from ._inference import InferenceConfig

logger = logging.getLogger(__name__)

RUNTIMES = ("spark-py", "python", "python-slim")
CUDA_VERSIONS = ("9.0", "9.1", "10.0")
_OLD = ("runtime", "conda_file", "extra_docker_file_steps", "enable_gpu", "cuda_version", "base_image")
_HERE = 4  # frames between the warning and the notebook's own line


def _given_old(config: InferenceConfig) -> list[str]:
    return [name for name in _OLD if getattr(config, name)]


def warn_of_old_form(config: InferenceConfig) -> None:
    """1: a DeprecationWarning for each argument of the old form."""
    address = getattr(config.base_image_registry, "address", None)
    for name in [*_given_old(config), *(["base_image_registry"] if address else [])]:
        warnings.warn(
            f"InferenceConfig({name}=…) is v1's old form; describe it in an Environment and pass environment=….",
            DeprecationWarning,
            stacklevel=_HERE,
        )


def check(config: InferenceConfig) -> None:
    """2 to 12, the first fault is raised."""
    if not config.entry_script:
        raise WebserviceException("An inference configuration needs an entry_script.")
    if config.environment is not None:
        _check_environment(config)
    _check_source(config)
    _check_script(config)
    _check_old_form(config)


def _check_environment(config: InferenceConfig) -> None:
    """3 to 5."""
    if _given_old(config):
        raise WebserviceException(
            f"environment excludes {', '.join(_given_old(config))}: say it in the environment, or leave that out."
        )
    python, docker = config.environment.python, config.environment.docker  # type: ignore[union-attr]
    conda = python.conda_dependencies
    if conda and not any("azureml-defaults" in package for package in conda.pip_packages):
        # v1 warns, since its service would not start; here the server stands beside the environment, so it is a note
        logger.info("The environment does not list azureml-defaults. It is not needed here; Azure would need it.")
    if docker.base_image and docker.base_dockerfile:
        raise WebserviceException(
            "The environment has both a base image and a base Dockerfile; set one of them to None."
        )


def _check_source(config: InferenceConfig) -> None:
    """6."""
    if config.source_directory is None:
        return
    real = os.path.realpath(config.source_directory)
    if not Path(real).is_dir():
        raise WebserviceException(f"source_directory {config.source_directory!r} is no folder; looked for {real}.")
    config.source_directory = real


def _check_script(config: InferenceConfig) -> None:
    """7 to 9, and that the script lies inside the source folder, which is all that goes along."""
    path = config._path(config.entry_script)
    if not path.is_file():
        base = "source_directory" if config.source_directory else "the current folder"
        raise WebserviceException(
            f"No entry script {config.entry_script!r}. The path should be relative to {base}; looked for {path}."
            f"{_near(path)}"
        )
    if config.source_directory and not path.resolve().is_relative_to(config.source_directory):
        raise WebserviceException(f"The entry script {path} lies outside source_directory {config.source_directory}.")
    if path.suffix != ".py":
        raise WebserviceException(f"The entry script {config.entry_script!r} must be a Python file that ends in .py.")
    if not path.stem.isidentifier() or keyword.iskeyword(path.stem):
        raise WebserviceException(
            f"The entry script {path.name!r} is imported as a module, and {path.stem!r} cannot name one. Use letters, "
            "digits and '_', no digit first, and no word that Python reserves."
        )


def _near(path: Path) -> str:
    scripts = sorted(file.name for file in path.parent.glob("*.py"))
    return f" Scripts there: {', '.join(scripts)}." if scripts else ""


def _check_old_form(config: InferenceConfig) -> None:
    """10 to 12."""
    if config.runtime and config.runtime.lower() not in RUNTIMES:
        raise WebserviceException(f"runtime={config.runtime!r} is none of {', '.join(RUNTIMES)}.")
    if config.cuda_version and str(config.cuda_version) not in CUDA_VERSIONS:
        raise WebserviceException(f"cuda_version={config.cuda_version!r} is none of {', '.join(CUDA_VERSIONS)}.")
    for name in ("conda_file", "extra_docker_file_steps"):
        given = getattr(config, name)
        if given and not config._path(given).is_file():
            raise WebserviceException(f"No file {given!r} for {name}; looked for {config._path(given)}.")


def check_syntax(path: Path) -> None:
    """13 and 14. It is not imported, and `init` and `run` are looked for when it is deployed."""
    try:
        ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise UserErrorException(f"The entry script {path} cannot be opened: {error.strerror}.") from None
    except (SyntaxError, ValueError) as error:
        where = f", line {error.lineno}: {(error.text or '').strip()}" if isinstance(error, SyntaxError) else ""
        raise UserErrorException(
            f"The entry script {path} cannot be parsed{where}\n{type(error).__name__}: {getattr(error, 'msg', error)}\n"
            "Correct it, and try it with a local deployment first: LocalWebservice.deploy_configuration()."
        ) from None
