"""Reading and checking a conda specification: the YAML, the shape of its structure, and the names in its lines."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .exceptions import UserErrorException

KEYS = ("name", "channels", "dependencies", "prefix", "variables")
DEFAULT = """\
# What a service's Python environment is made of, in conda's format.
# azureml-defaults stands for the scoring server, which is built in.
name: project_environment
channels:
- anaconda
- conda-forge
dependencies:
- python=3.8.13
- pip:
  - azureml-defaults
"""
_CLAUSE = r"(==?|>=|<=|~=|!=|<|>)?\s*\d+(\.\d+)*(\.\*)?"
VERSION = re.compile(rf"{_CLAUSE}(\s*,\s*{_CLAUSE})*$")


class SpecificationMissing(UserErrorException, FileNotFoundError):
    """The file of a specification is not there: v1's class and the built-in one at once."""


def conda_name(entry: str) -> str:
    """The package name in a conda specification: `conda-forge::numpy>=1.2` → numpy."""
    return re.split(r"[\s=<>!~\[]", entry.strip().rpartition("::")[2], maxsplit=1)[0].lower()


def pip_name(line: str) -> str:
    """The distribution name in a pip line, spelled as indexes compare it; the line itself for a bare path or URL."""
    egg = re.search(r"#egg=([\w.\-]+)", line)
    if egg:
        return canonicalize_name(egg[1])
    bare = re.split(r"[\s=<>!~\[;@]", line.strip(), maxsplit=1)[0]
    return line.strip() if "/" in bare else canonicalize_name(bare)


def yaml() -> YAML:
    """A reader and writer that keeps comments and does not wrap lines."""
    made = YAML()
    made.width = 4096
    return made


def read(path: str | None) -> Any:
    """The structure in the file `path`, or the default one."""
    try:
        return yaml().load(DEFAULT if path is None else Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SpecificationMissing(
            f"There is no conda specification {str(path)!r} in {Path.cwd()}. Write it first, or give its full path."
        ) from error
    except (YAMLError, UnicodeDecodeError, OSError) as error:
        raise UserErrorException(f"{path} cannot be read as YAML: {error}", error) from error


def checked(structure: Any) -> dict[str, Any]:
    """`structure`, when it has the shape of a conda specification; else `UserErrorException` says where it has not."""
    if not isinstance(structure, dict):
        raise UserErrorException(
            f"A conda specification is a mapping with the key dependencies, not {type(structure).__name__}."
        )
    unknown = [key for key in structure if key not in KEYS]
    if unknown:
        raise UserErrorException(f"Unknown keys in a conda specification: {unknown}. Known: {', '.join(KEYS)}.")
    for entry in _entries(structure, "channels"):
        _check_text(entry, "channels")
    for entry in _entries(structure, "dependencies"):
        if not isinstance(entry, dict):
            _check_text(entry, "dependencies")
        elif list(entry) != ["pip"]:
            raise UserErrorException(f"{dict(entry)!r} under dependencies is neither a package nor a pip block.")
        else:
            for line in _entries(entry, "pip"):
                _check_text(line, "pip")
    return structure


def _entries(parent: dict[str, Any], key: str) -> list[Any]:
    found = parent.get(key)
    if found is not None and not isinstance(found, list):
        raise UserErrorException(f"{key} in a conda specification is a list, not {found!r}. Begin each line with '- '.")
    return found or []


def _check_text(entry: Any, where: str) -> None:
    if not isinstance(entry, str):
        raise UserErrorException(f"{entry!r} under {where} is no text. Write a name, such as numpy=1.26, or quote it.")


def python_version(entry: str) -> str:
    """The version in a Python entry: `python=3.8.13` → 3.8.13, `python>=3.9` → >=3.9."""
    version = entry.strip().rpartition("::")[2].strip()[len("python") :].strip()
    if not VERSION.match(version):
        raise UserErrorException(f"{entry!r} names no Python version. Write it like python=3.11.")
    return version.lstrip("= ")
