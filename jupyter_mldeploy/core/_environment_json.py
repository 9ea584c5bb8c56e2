"""An Environment as v1's JSON (what its repr shows and its files hold) and back."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from ._environment_accepted import DatabricksSection, RSection, SparkSection
from ._environment_sections import DockerBuildContext, DockerSection, PythonSection
from .conda_dependencies import CondaDependencies
from .container_registry import ContainerRegistry

if TYPE_CHECKING:
    from .environment import Environment


def described(environment: Environment) -> dict[str, Any]:
    """Everything about `environment`, under v1's camelCase names."""
    return {
        "assetId": environment.asset_id,
        "databricks": _plain(environment.databricks, DatabricksSection()),
        "docker": _docker(environment.docker),
        "environmentVariables": dict(environment.environment_variables),
        "inferencingStackVersion": environment.inferencing_stack_version,
        "name": environment.name,
        "python": _python(environment.python),
        "r": _as_plain(environment.r),
        "spark": _plain(environment.spark, SparkSection()),
        "version": environment.version,
    }


def shown(environment: Environment) -> dict[str, Any]:
    """The same without the registry's password and the tokens of R's packages."""
    content = described(environment)
    registry = content["docker"]["baseImageRegistry"]
    registry["password"] = registry["password"] and "***"
    r = content["r"]
    for package in (r.get("githubPackages") or ()) if isinstance(r, dict) else ():
        package["authToken"] = package["authToken"] and "***"
    return content


def fill(environment: Environment, content: dict[str, Any]) -> Environment:
    """Put what `described` gave, or what v1 saved, into `environment`; names that are absent keep their defaults."""
    environment.version = content.get("version")
    environment.asset_id = content.get("assetId")
    environment.inferencing_stack_version = content.get("inferencingStackVersion")
    environment._variables = dict(content.get("environmentVariables") or {})
    environment.r = _r(content.get("r"))
    _fill_python(environment.python, content.get("python") or {})
    _fill_docker(environment.docker, content.get("docker") or {})
    _fill_plain(environment.spark, content.get("spark") or {})
    if content.get("databricks"):
        _fill_plain(environment.databricks, content["databricks"])
    return environment


def _r(content: Any) -> Any:
    """An RSection, where its JSON says what one has."""
    section = RSection()
    if not isinstance(content, dict):
        return content
    _fill_plain(section, content)
    return section


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _plain(section: Any, default: Any) -> dict[str, Any]:
    return {_camel(name): _as_plain(value) for name, value in vars(section or default).items()}


def _fill_plain(section: Any, content: dict[str, Any]) -> None:
    for name in vars(section):
        if _camel(name) in content:
            setattr(section, name, deepcopy(content[_camel(name)]))


def _python(section: PythonSection) -> dict[str, Any]:
    conda = section.conda_dependencies
    return {
        "baseCondaEnvironment": section.base_conda_environment,
        "condaDependencies": None if conda is None else _as_plain(conda.as_dict()),
        "condaDependenciesFile": section.conda_dependencies_file,
        "interpreterPath": section.interpreter_path,
        "userManagedDependencies": section.user_managed_dependencies,
    }


def _fill_python(section: PythonSection, content: dict[str, Any]) -> None:
    section.interpreter_path = content.get("interpreterPath") or section.interpreter_path
    section.user_managed_dependencies = bool(content.get("userManagedDependencies"))
    section.base_conda_environment = content.get("baseCondaEnvironment")
    conda = content.get("condaDependencies")
    if conda is not None:
        section.conda_dependencies = CondaDependencies(_underlying_structure=conda)
    elif "condaDependencies" in content:
        section.conda_dependencies = None


def _docker(section: DockerSection) -> dict[str, Any]:
    context = section.build_context
    return {
        "arguments": list(section.arguments),
        "baseDockerfile": section.base_dockerfile,
        "baseImage": section.base_image,
        "baseImageRegistry": dict(vars(section.base_image_registry)),
        "buildContext": None if context is None else _plain(context, context),
        "enabled": section.enabled,
        "platform": dict(vars(section.platform)),
        "sharedVolumes": section.shared_volumes,
        "shmSize": section.shm_size,
    }


def _fill_docker(section: DockerSection, content: dict[str, Any]) -> None:
    context = content.get("buildContext")
    sources = {
        "base_image": content.get("baseImage"),
        "base_dockerfile": content.get("baseDockerfile"),
        "build_context": DockerBuildContext(**_snake(context)) if context else None,
    }
    section._source = {name: value for name, value in sources.items() if value is not None}
    section.base_image_registry = ContainerRegistry()
    _fill_plain(section.base_image_registry, content.get("baseImageRegistry") or {})
    _fill_plain(section.platform, content.get("platform") or {})
    for name in section._deprecated:
        if content.get(_camel(name)) is not None:
            section._deprecated[name] = content[_camel(name)]


def _snake(content: dict[str, Any]) -> dict[str, Any]:
    names = {_camel(name): name for name in ("location_type", "location", "dockerfile_path")}
    return {names[name]: value for name, value in content.items() if name in names}


def _as_plain(structure: Any) -> Any:
    """Dicts and lists without the YAML reader's comment-keeping classes; v1's little objects as dicts."""
    if isinstance(structure, dict):
        return {str(key): _as_plain(value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [_as_plain(value) for value in structure]
    if structure is None or isinstance(structure, (str, int, float)):
        return structure
    inside = getattr(structure, "__dict__", None)
    return str(structure) if inside is None else {_camel(name): _as_plain(value) for name, value in inside.items()}
