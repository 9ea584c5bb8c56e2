"""What a build needs to know of this machine: authorities, proxies, pip's and uv's settings, a wheelhouse.

All of it goes to the stage that builds, of which images keep nothing.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..environments import pip_settings
from ..errors import FileMissing
from ..specs import Lock
from .dockerfiles import BUILD, variables

AUTHORITIES = f"{BUILD}/authorities.pem"
WHEELS = f"{BUILD}/wheelhouse"
CONFIG = f"{BUILD}/uv.toml"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_UV = re.compile(
    r"UV_(DEFAULT_INDEX|INDEX|EXTRA_INDEX|NO_INDEX|INSECURE_HOST|HTTP_TIMEOUT|KEYRING|PRERELEASE|PYTHON_INSTALL_MIRROR|PYPY_INSTALL_MIRROR|PYTHON_DOWNLOADS)"
)
_PIP = ("index-url", "extra-index-url", "trusted-host", "timeout", "retries", "proxy", "no-index")
# Of this machine alone, or given in another way.
_LOCAL = frozenset(
    {"SSL_CERT_FILE", "SSL_CLIENT_CERT", "UV_FIND_LINKS", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS", *PROXIES, "PIP_PROXY"}
)
_SECRET = re.compile(r"://[^/\s@]+@|PASSWORD|TOKEN", re.I)


@dataclass(frozen=True)
class Given:
    """What a build is given of this machine. `arguments` are those that Docker keeps in no history (proxies);
    `secret`: the rest holds a password, so the stage that saw it must not stay in the builder's cache."""

    arguments: Mapping[str, str]
    secret: bool
    offline: bool


def write(folder: Path, lock: Lock, wheelhouse: str = "", environ: Mapping[str, str] = os.environ) -> Given:
    """Fill the `build` folder of a build's context with this machine's settings, and say what else the build needs.

    With a `wheelhouse` nothing is asked of any index. Raises `FileMissing` where that is no folder.
    """
    exports = {"NO_COLOR": "1", "UV_NO_PROGRESS": "1"} | _authorities(folder, environ) | _config(folder, environ)
    if wheelhouse:
        _carry(Path(wheelhouse), folder)
        exports |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": WHEELS, "UV_CONFIG_FILE": CONFIG, "UV_OFFLINE": "1"}
    else:
        exports |= _indexes(lock, environ)
    exports |= {name: environ[name] for name in variables(lock) if name in environ}
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in sorted(exports.items())]
    settings = folder / "settings"
    settings.write_text("".join(lines))
    secret = (
        any(map(_SECRET.search, lines)) or bool(variables(lock)) or ("UV_CONFIG_FILE" in exports and not wheelhouse)
    )
    return Given({} if wheelhouse else _proxies(environ), secret, bool(wheelhouse))


def _authorities(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The certificates that this machine trusts, a company's own among them."""
    named = (pip_settings.read(environ).get("cert"), environ.get("REQUESTS_CA_BUNDLE"), environ.get("SSL_CERT_FILE"))
    usual = ssl.get_default_verify_paths().cafile
    found = next((path for path in (*named, usual) if path and Path(path).is_file()), None)
    if found is None:
        return {}
    shutil.copyfile(found, folder / "authorities.pem")
    return dict.fromkeys(("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), AUTHORITIES)


def _config(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """uv's own settings of user and machine."""
    own = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "uv/uv.toml"
    for path in (Path(environ.get("UV_CONFIG_FILE", "")), own, Path("/etc/uv/uv.toml")):
        if path.is_file():
            shutil.copyfile(path, folder / "uv.toml")
            return {"UV_CONFIG_FILE": CONFIG}
    return {}


def _indexes(lock: Lock, environ: Mapping[str, str]) -> dict[str, str]:
    """Where pip and uv look for packages; folders of this machine are not in the container."""
    pip = {name: value for name, value in pip_settings.read(environ).items() if name in _PIP}
    exports = {f"PIP_{name.upper().replace('-', '_')}": value for name, value in pip.items()}
    exports |= {name: value for name, value in environ.items() if _UV.match(name)}
    exports |= {
        name: value for name, value in pip_settings.for_uv(lock.options, environ).items() if "PROXY" not in name
    }
    exports = {name: " ".join(_reachable(value)) for name, value in exports.items() if name not in _LOCAL}
    return {name: value for name, value in exports.items() if value}


def _reachable(value: str) -> list[str]:
    return [part for part in value.split() if not part.startswith(("file:", "/", "~"))]


def _proxies(environ: Mapping[str, str]) -> dict[str, str]:
    pip = pip_settings.read(environ).get("proxy", "")
    found = {name: environ.get(name) or environ.get(name.lower()) or "" for name in PROXIES}
    if pip:
        found = {**found, "HTTP_PROXY": pip, "HTTPS_PROXY": pip}
    both = {**found, **{name.lower(): value for name, value in found.items()}}
    return {name: value for name, value in both.items() if value}


def _carry(wheelhouse: Path, folder: Path) -> None:
    if not wheelhouse.is_dir():
        raise FileMissing(f"The wheelhouse {wheelhouse} is no folder. Fill one with: pip download -d {wheelhouse} …")
    place = folder / "wheelhouse"
    place.mkdir()
    # uv has no variable for it.
    (folder / "uv.toml").write_text(f'[pip]\nno-index = true\nfind-links = ["{WHEELS}"]\n')
    for file in sorted(wheelhouse.iterdir()):
        if file.is_file() and file.name.endswith((".whl", ".tar.gz", ".zip")):
            shutil.copyfile(file, place / file.name)
