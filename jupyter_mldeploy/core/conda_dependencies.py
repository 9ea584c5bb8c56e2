"""CondaDependencies: a conda specification that can be edited and keeps its comments. Twin of
`azureml.core.conda_dependencies`."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..disk import write_bytes
from ..environments import pip_settings
from ._conda_specification import VERSION, checked, conda_name, pip_name, python_version, read, yaml
from .exceptions import UserErrorException

CPU, GPU = "cpu", "gpu"
PYTHON_DEFAULT_VERSION = "3.10.18"
DEFAULT_FILE = str(Path(".azureml") / "auto_conda_dependencies.yml")
REPEATABLE = (
    *("--extra-index-url", "--find-links", "-f", "--trusted-host", "-r", "--requirement"),
    *("-c", "--constraint", "-e", "--editable", "--no-binary", "--only-binary"),
)


class CondaDependencies:
    """A conda environment specification: Python, conda packages, and a block of pip packages and pip options.

    Without a file it holds Python 3.8.13 and azureml-defaults. v1 wrote index options into the block, too; here the
    indexes are those of pip's own settings. All checks raise `UserErrorException`.
    """

    def __init__(
        self, conda_dependencies_file_path: str | None = None, _underlying_structure: dict[str, Any] | None = None
    ) -> None:
        self._folder = Path(conda_dependencies_file_path).parent if conda_dependencies_file_path else Path()
        self._conda_dependencies: dict[str, Any] = (
            checked(read(conda_dependencies_file_path))
            if _underlying_structure is None
            else checked(_underlying_structure)
        )

    @staticmethod
    def create(
        pip_indexurl: str | None = None,
        pip_packages: str | Iterable[str] | None = None,
        conda_packages: str | Iterable[str] | None = None,
        python_version: str = PYTHON_DEFAULT_VERSION,
        pin_sdk_version: bool = True,
    ) -> CondaDependencies:
        """Make a specification. Given `pip_packages` replace azureml-defaults; `pin_sdk_version` does nothing, as in
        the last releases of v1."""
        made = CondaDependencies()
        made.set_python_version(python_version)
        if pip_packages is not None:
            made.set_pip_requirements([])
            for package in _listed(pip_packages):
                made.add_pip_package(package)
        for package in _listed(conda_packages):
            made.add_conda_package(package)
        if pip_indexurl:
            made.set_pip_index_url(pip_indexurl)
        return made

    @staticmethod
    def merge_requirements(requirements: Iterable[str]) -> list[str]:
        """One line per distribution: the version specifiers of its entries joined with commas, in first-seen order."""
        merged: dict[tuple[str, str], Requirement] = {}
        lines: list[str | tuple[str, str]] = []
        for line in requirements:
            try:
                found = Requirement(line)
            except InvalidRequirement:
                lines.append(line)
                continue
            key = (canonicalize_name(found.name), str(found.marker or ""))
            if key in merged:
                merged[key].specifier &= found.specifier
                merged[key].extras |= found.extras
            else:
                merged[key] = found
                lines.append(key)
        return [line if isinstance(line, str) else str(merged[line]) for line in lines]

    @staticmethod
    def sdk_origin_url() -> str:
        """The index that pip is set up with here, without a user's name and password; empty for pip's own default."""
        return re.sub(r"//[^/@]*@", "//", pip_settings.read().get("index-url", ""))

    @property
    def conda_channels(self) -> Iterator[str]:
        return iter(list(self._conda_dependencies.get("channels") or ()))

    @property
    def conda_packages(self) -> Iterator[str]:
        """The conda entries, Python among them."""
        return (entry for entry in list(self._dependencies) if isinstance(entry, str))

    @property
    def pip_packages(self) -> Iterator[str]:
        return (line for line in list(self._pip) if not line.startswith("-"))

    @property
    def pip_options(self) -> Iterator[str]:
        return (line for line in list(self._pip) if line.startswith("-"))

    def get_default_number_of_packages(self) -> int:
        """How many packages a new specification has, Python included."""
        fresh = CondaDependencies()
        return sum(1 for _ in (*fresh.conda_packages, *fresh.pip_packages))

    def get_python_version(self) -> str:
        """The version after `python=`, or a range such as `>=3.8`."""
        for entry in self.conda_packages:
            if conda_name(entry) == "python":
                return python_version(entry)
        raise UserErrorException("The specification names no Python. Add one with set_python_version('3.11').")

    def set_python_version(self, version: str) -> None:
        if not isinstance(version, str) or not VERSION.match(version):
            raise UserErrorException(f"{version!r} is no Python version. Give one such as '3.11' or '3.10.18'.")
        self._put(self._dependencies, "python", f"python{'' if version[0] in '<>=!~' else '='}{version}", conda_name, 0)

    def add_channel(self, channel: str) -> None:
        if channel not in self.conda_channels:
            self._list(self._conda_dependencies, "channels").append(channel)

    def remove_channel(self, channel: str) -> None:
        if channel in self.conda_channels:
            self._conda_dependencies["channels"].remove(channel)

    def add_conda_package(self, conda_package: str) -> None:
        """Add or replace the package of this name; `python=…` sets the Python version."""
        name = conda_name(conda_package)
        if name == "python":
            self.set_python_version(python_version(conda_package))
        else:
            self._put(self._dependencies, name, conda_package, conda_name)

    def remove_conda_package(self, conda_package: str) -> None:
        name = conda_name(conda_package)
        if name == "python":
            raise UserErrorException("Python cannot be removed from an environment; set_python_version changes it.")
        _discard(self._dependencies, name, conda_name)

    def add_pip_package(self, pip_package: str) -> None:
        """Add or replace the distribution of this name."""
        if pip_package.startswith("-"):
            raise UserErrorException(f"{pip_package!r} is an option, not a package. Use set_pip_option for it.")
        self._put(self._pip, pip_name(pip_package), pip_package, pip_name)

    def remove_pip_package(self, pip_package: str) -> None:
        _discard(self._pip, pip_name(pip_package), pip_name)

    def set_pip_option(self, pip_option: str) -> None:
        """Add an option line such as `--extra-index-url URL`; one that pip takes once replaces its predecessor."""
        _check_option(pip_option)
        if pip_option in self.pip_options:
            return
        if _option_name(pip_option) not in REPEATABLE:
            _discard(self._pip, _option_name(pip_option), _option_name)
        self._pip.insert(sum(1 for _ in self.pip_options), pip_option)

    def remove_pip_option(self, pip_option: str) -> None:
        """Remove this very line, or, given a bare name, every line of that option."""
        _check_option(pip_option)
        key = (lambda line: line) if " " in pip_option or "=" in pip_option else _option_name
        _discard(self._pip, pip_option, key)

    def set_pip_index_url(self, index_url: str) -> None:
        self.set_pip_option(f"--index-url {index_url}")

    def set_pip_requirements(self, pip_requirements: Iterable[str]) -> None:
        """Replace the whole pip block, options included, with the given lines as they are."""
        self._pip[:] = list(pip_requirements)

    def add_tensorflow_pip_package(self, core_type: str = CPU, version: str | None = None) -> None:
        self.add_pip_package(_for_core("tensorflow", core_type) + (f"=={version}" if version else ""))

    def add_tensorflow_conda_package(self, core_type: str = CPU, version: str | None = None) -> None:
        self.add_conda_package(_for_core("tensorflow", core_type) + (f"={version}" if version else ""))

    def add_cntk_package(self, core_type: str = CPU) -> None:
        self.add_pip_package(_for_core("cntk", core_type))

    def save_to_file(self, base_directory: str, conda_file_path: str | None = None) -> str:
        """Write the YAML into `base_directory` and return its path relative to that. No folder is made:
        `FileNotFoundError` when it is missing."""
        relative = conda_file_path or DEFAULT_FILE
        path = Path(base_directory) / relative
        if not path.parent.is_dir():
            raise FileNotFoundError(2, "The folder for the specification does not exist", str(path.parent))
        write_bytes(path, self.serialize_to_string().encode())
        return os.path.relpath(path, base_directory)

    def save(self, path: str | None = None) -> None:
        """Write the YAML to the file `path`, whose folder must exist."""
        if path is None:
            raise TypeError("save() needs the path of a file, such as 'environment.yml'.")
        target = Path(path)
        if target.is_dir():
            raise UserErrorException(f"{path!r} is a folder. Give the path of a file in it.")
        if not target.parent.is_dir():
            raise UserErrorException(f"The folder {str(target.parent)!r} does not exist. Make it first.")
        write_bytes(target, self.serialize_to_string().encode())

    def serialize_to_string(self) -> str:
        """The YAML text, comments included."""
        text = io.StringIO()
        yaml().dump(self._conda_dependencies, text)
        return text.getvalue()

    def as_dict(self) -> dict[str, Any]:
        """The structure itself, as the YAML has it."""
        return self._conda_dependencies

    def __repr__(self) -> str:
        return self.serialize_to_string()

    @property
    def _dependencies(self) -> list[Any]:
        return self._list(self._conda_dependencies, "dependencies")

    @property
    def _pip(self) -> list[str]:
        """The lines of the pip block; a specification without one gets an empty one."""
        for entry in self._dependencies:
            if isinstance(entry, dict):
                return self._list(entry, "pip")
        self._dependencies.append({"pip": []})
        return self._pip

    @staticmethod
    def _list(parent: dict[str, Any], key: str) -> list[Any]:
        if parent.get(key) is None:
            parent[key] = []
        found: list[Any] = parent[key]
        return found

    @staticmethod
    def _put(entries: list[Any], name: str, entry: str, key: Any, at: int | None = None) -> None:
        """Replace the first entry called `name` where it stands, or add one: at `at`, or before the pip block."""
        for index, old in enumerate(entries):
            if isinstance(old, str) and key(old) == name:
                entries[index] = entry
                return
        blocks = [index for index, old in enumerate(entries) if isinstance(old, dict)]
        entries.insert(at if at is not None else (blocks or [len(entries)])[0], entry)


def _listed(packages: str | Iterable[str] | None) -> list[str]:
    return [packages] if isinstance(packages, str) else list(packages or ())


def _discard(entries: list[Any], name: str, key: Any) -> None:
    for index in reversed(range(len(entries))):
        if isinstance(entries[index], str) and key(entries[index]) == name:
            del entries[index]


def _option_name(line: str) -> str:
    return re.split(r"[\s=]", line.strip(), maxsplit=1)[0]


def _check_option(option: str) -> None:
    if not option.startswith("-"):
        raise UserErrorException(f"{option!r} is no pip option: they begin with '-', such as --extra-index-url URL.")


def _for_core(package: str, core_type: str) -> str:
    if core_type not in (CPU, GPU):
        raise UserErrorException(f"Core type {core_type!r} is unknown. Give 'cpu' or 'gpu'.")
    return package if core_type == CPU else f"{package}-gpu"
