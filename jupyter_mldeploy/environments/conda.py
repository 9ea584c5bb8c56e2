"""Conda package specifications in PyPI's words: names by the tables of `conda_names`, and version forms."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement

from ..errors import InvalidInput
from .conda_names import INSTALLERS, RENAMED, SAME, is_native

_SPEC = re.compile(
    r"^(?:[\w.\-/]+::)?(?P<name>[A-Za-z0-9_][\w.\-]*)\s*"
    r"(?:\[(?P<brackets>[^\]]*)\]|(?P<rest>(?:[=<>!~]|\s).*)?)$"
)


@dataclass(frozen=True)
class Translated:
    """`requirement` is empty for what has no place in a Python environment; `known` that the name was in a table."""

    spec: str
    name: str
    requirement: str
    known: bool = True

    @property
    def changed(self) -> bool:
        return self.spec.replace(" ", "") != self.requirement


def translate(spec: str) -> Translated:
    """Turn one conda specification (`scikit-learn=0.24`, `conda-forge::xgboost>=1.3`) into a PyPI requirement."""
    match = _SPEC.match(spec.strip())
    if match is None:
        raise InvalidInput(
            f"{spec!r} is no conda package specification. Write it like scikit-learn=1.5 or numpy>=1.26."
        )
    name = match["name"].lower()
    if name in INSTALLERS or is_native(name):
        return Translated(spec, name, "")
    requirement = RENAMED.get(name, name) + _versions(spec, match)
    try:
        Requirement(requirement)
    except InvalidRequirement as error:
        raise InvalidInput(
            f"{spec!r}: its version cannot be read. Write it like {name}=1.5 or {name}>=1.26."
        ) from error
    return Translated(spec, name, requirement, name in RENAMED or name in SAME)


def strict(spec: str) -> str:
    """`spec` as every solver reads it: conda takes `=1.19.*` and `==1.19.*` for the `=1.19` that is meant, others do
    not."""
    return re.sub(r"(?<![=<>!~])={1,2}(\d[\w.]*?)\.?\*$", r"=\1", spec)


def _versions(spec: str, match: re.Match[str]) -> str:
    text = (match["rest"] or "").strip()
    if match["brackets"]:
        found = re.search(r"version\s*=\s*['\"]?([^'\"\]]+)", match["brackets"])
        text = found[1].strip() if found else ""
        text = text if not text or text[0] in "=<>!~" else f"=={text}"
    if "|" in text:
        raise InvalidInput(
            f"{spec!r} offers versions by '|', which PyPI's requirements cannot say. Give one range, like >=1.3,<2."
        )
    return ",".join(filter(None, (_version(part.strip()) for part in text.split(","))))


def _version(part: str) -> str:
    """One clause: conda's `=1.2` means `1.2.*`; `1.2` after a space and `=1.2=build` mean exactly that version."""
    part = part.replace(" ", "") if part[:1] in "=<>!~" else part
    if part in ("", "*", "=*", "==*"):
        return ""
    if part[:1] in "<>!~" or part.startswith("=="):
        operator, version, *_ = re.split(r"(?<=[=<>!~])(?![=<>!~])", part, maxsplit=1)
        return operator + version.split("=")[0]
    version, *build = re.split(r"[=\s]+", part.removeprefix("="))
    if part.startswith("=") and not build:
        return f"=={version.removesuffix('*').removesuffix('.')}.*"
    return f"=={version}"
