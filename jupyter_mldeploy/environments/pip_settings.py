"""pip's own settings (pip.conf files, PIP_* variables), handed on to uv in variables: no process list shows them."""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..errors import EnvironmentUnresolvable

TRUE = frozenset({"1", "true", "yes", "on", "y", "t"})


def read(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """pip's settings as `pip install` sees them: files in pip's order, [install] over [global], variables over both."""
    shared: dict[str, str] = {}
    install: dict[str, str] = {}
    for path in config_files(environ):
        parser = _parsed(path)
        for section, target in (("global", shared), ("install", install)):
            if parser.has_section(section):
                target.update({_key(name): value for name, value in parser.items(section)})
    variables = {
        _key(name[4:]): value
        for name, value in environ.items()
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE"
    }
    return {name: value for name, value in {**shared, **install, **variables}.items() if value}


def config_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """The files that pip reads and that exist, the strongest last (pip's documentation, "Configuration")."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return
    home = Path.home()
    if sys.platform == "darwin":
        places = [Path("/Library/Application Support/pip")]
        mine = home / "Library/Application Support/pip"
        user = [home / ".pip", mine if mine.is_dir() else home / ".config/pip"]
    else:
        places = [Path(part) / "pip" for part in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":") if part]
        places.append(Path("/etc"))
        user = [home / ".pip", Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip"]
    if not (named and Path(named).exists()):
        places += user
    files = [*(place / "pip.conf" for place in (*places, Path(sys.prefix))), *([Path(named)] if named else [])]
    yield from (path for path in files if path.is_file())


def for_uv(options: Iterable[str] = (), environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that make uv look where pip would. `options` are the option lines of the environment itself:
    an index that they name takes the place of pip's, as in pip. What was set for uv on purpose stays."""
    pip = read(environ)
    lines = [line.replace("=", " ", 1).split() for line in options]
    own = {line[0] for line in lines}
    given = {
        "UV_INDEX_STRATEGY": "unsafe-best-match",  # pip takes the best version of all indexes
        "UV_EXTRA_INDEX_URL": pip.get("extra-index-url", ""),
        "UV_FIND_LINKS": ",".join(_location(part) for part in pip.get("find-links", "").split()),
        "UV_HTTP_TIMEOUT": pip.get("timeout", pip.get("default-timeout", "")),
        "SSL_CLIENT_CERT": pip.get("client-cert", ""),
        "HTTPS_PROXY": pip.get("proxy", ""),
        "HTTP_PROXY": pip.get("proxy", ""),
        "UV_INSECURE_HOST": " ".join(_trusted(pip, lines)),
        "UV_PRERELEASE": "allow" if "--pre" in own or pip.get("pre", "").lower() in TRUE else "",
        **_certificates(pip, environ),
    }
    if not own & {"-i", "--index-url"} and "UV_INDEX_URL" not in environ:
        given["UV_DEFAULT_INDEX"] = pip.get("index-url", "")
    return {name: value for name, value in given.items() if value and name not in environ}


def flags(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Arguments for uv: `--no-index` when pip's settings say so."""
    return ["--no-index"] if read(environ).get("no-index", "").lower() in TRUE else []


def _key(name: str) -> str:
    return name.lower().replace("_", "-")


def _parsed(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path)
    except (configparser.Error, UnicodeDecodeError, PermissionError) as error:
        raise EnvironmentUnresolvable(f"pip's settings in {path} cannot be read: {error}") from error
    return parser


def _location(part: str) -> str:
    """uv runs elsewhere, so a relative folder is made absolute."""
    return part if "://" in part else str(Path(part).expanduser().resolve())


def _trusted(pip: Mapping[str, str], lines: list[list[str]]) -> list[str]:
    return [
        *pip.get("trusted-host", "").split(),
        *(line[1] for line in lines if line[0] == "--trusted-host" and line[1:]),
    ]


def _certificates(pip: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """pip's `cert`, else what requests uses, else the system's own store, as pip does."""
    named = pip.get("cert") or environ.get("REQUESTS_CA_BUNDLE", "")
    return {"SSL_CERT_FILE": named} if named else {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}
