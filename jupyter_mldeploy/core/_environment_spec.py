"""Environment → EnvironmentSpec, which is what deployments use, and back."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..specs import EnvironmentSpec
from ._conda_specification import conda_name, python_version
from ._environment_sections import DEFAULT_CPU_IMAGE, DockerBuildContext
from .conda_dependencies import CondaDependencies
from .exceptions import UserErrorException

if TYPE_CHECKING:
    from .environment import Environment

_PATHS = ("-c", "--constraint", "-e", "--editable", "-f", "--find-links")  # options whose value may be a path


def to_spec(environment: Environment) -> EnvironmentSpec:
    """The frozen form. Paths in it are absolute, since another process reads it elsewhere; the registry's password
    stays out."""
    python = environment.python
    common: dict[str, Any] = {
        "name": environment.name,
        "variables": {name: str(value) for name, value in environment.environment_variables.items()},
        "docker": _docker(environment),
    }
    if python.user_managed_dependencies:
        own = "" if python.interpreter_path == "python" else python.interpreter_path
        return EnvironmentSpec(user_managed=True, interpreter=_executable(own), **common)
    conda = python.conda_dependencies
    if not isinstance(conda, CondaDependencies):
        raise UserErrorException(
            f"python.conda_dependencies of environment {environment.name!r} is {conda!r}. "
            "Give a CondaDependencies, or set python.user_managed_dependencies = True."
        )
    options, packages = _inlined([*conda.pip_options], [*conda.pip_packages], conda._folder)
    return EnvironmentSpec(
        python=_python(conda),
        pip=tuple(_absolute(line, conda._folder) for line in packages),
        pip_options=tuple(options),
        conda=tuple(entry for entry in conda.conda_packages if conda_name(entry) != "python"),
        channels=tuple(conda.conda_channels),
        **common,
    )


def from_spec(environment: Environment, spec: EnvironmentSpec) -> Environment:
    """Fill `environment` with what `spec` says."""
    environment._variables = dict(spec.variables)
    environment.python.user_managed_dependencies = spec.user_managed
    environment.python.interpreter_path = spec.interpreter or "python"
    environment.docker._source = {
        name: spec.docker[name] for name in ("base_image", "base_dockerfile") if name in spec.docker
    } or environment.docker._source
    if context := spec.docker.get("build_context"):
        place = DockerBuildContext("local", context["location"], context["dockerfile_path"])
        environment.docker._source = {"build_context": place}
    environment.inferencing_stack_version = spec.docker.get("inferencing_stack_version")
    if not spec.user_managed:
        pip = [*spec.pip_options, *spec.pip]
        python = f"python{'' if spec.python[:1] in '<>=!~' else '='}{spec.python}" if spec.python else "python"
        environment.python.conda_dependencies = CondaDependencies(
            _underlying_structure={
                "name": "project_environment",
                "channels": list(spec.channels),
                "dependencies": [python, *spec.conda, *([{"pip": pip}] if pip else [])],
            }
        )
    return environment


def _executable(path: str) -> str:
    """Its absolute path when it is found; else as given, for the check to name it."""
    found = shutil.which(path) if path else None
    return str(Path(found).absolute()) if found else path


def _python(conda: CondaDependencies) -> str:
    found = [entry for entry in conda.conda_packages if conda_name(entry) == "python"]
    return python_version(found[0]) if found and found[0].strip() != "python" else ""


def _docker(environment: Environment) -> dict[str, Any]:
    """Only what differs from a new environment: the base image that v1 fills in was nobody's choice."""
    docker, context = environment.docker, environment.docker.build_context
    chosen = {
        "base_image": docker.base_image if docker.base_image != DEFAULT_CPU_IMAGE else None,
        "base_dockerfile": docker.base_dockerfile,
        "build_context": context and {"location": context.location, "dockerfile_path": context.dockerfile_path},
        "registry": docker.base_image_registry.address,
        "inferencing_stack_version": environment.inferencing_stack_version,
    }
    return {name: value for name, value in chosen.items() if value is not None}


def _inlined(options: list[str], packages: list[str], folder: Path) -> tuple[list[str], list[str]]:
    """Replace `-r FILE` lines by the lines of the file: a spec needs no file beside it."""
    kept: list[str] = []
    for option in options:
        name, _, value = option.replace("=", " ", 1).partition(" ")
        if name not in ("-r", "--requirement"):
            kept.append(f"{name} {_absolute(value.strip(), folder)}" if name in _PATHS else option)
            continue
        path = folder / value.strip()
        if not path.is_file():
            raise UserErrorException(f"The pip block says {option!r}, and there is no file {str(path.absolute())!r}.")
        lines = requirement_lines(path.read_text(encoding="utf-8"))
        inner, found = _inlined(
            [line for line in lines if line.startswith("-")],
            [line for line in lines if not line.startswith("-")],
            path.parent,
        )
        kept += inner
        packages = [*packages, *(_absolute(line, path.parent) for line in found)]
    return kept, packages


def requirement_lines(text: str) -> list[str]:
    """The lines of a requirements file without comments, continued lines joined."""
    lines = (line.split(" #")[0].strip() for line in re.sub(r"\s*\\\n\s*", " ", text).splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _absolute(line: str, folder: Path) -> str:
    """A path that is there, beside the file that names it or in the current folder, made absolute; any other line as
    it is. A bare word is a package, even when a folder has its name."""
    if "://" in line or not ("/" in line or line.startswith(".") or line.endswith((".whl", ".tar.gz", ".zip", ".txt"))):
        return line
    for base in (folder, Path()):
        if (base / line).exists():
            return str((base / line).resolve())
    return line
