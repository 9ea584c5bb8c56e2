"""What a front is told: CONFIG.json as frozen dataclasses, each value checked before any work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

PROTOCOL = 1
AUTHS = ("none", "key")


class ConfigError(ValueError):
    """A configuration that cannot work; the message names the value."""


@dataclass(frozen=True)
class App:
    """What the workers run: `root` is their working folder, `entry_script` and `source_directory` lie under it."""

    root: str
    python: str
    entry_script: str
    source_directory: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    worker: str = ""  # the worker.py to run; empty: the one beside this front


@dataclass(frozen=True)
class Settings:
    """Limits and switches. Sizes in bytes; the types of the defaults are the types allowed."""

    scoring_timeout_ms: int = 3_600_000
    body_limit: int = 104_857_600
    header_limit: int = 32_768
    queue_limit: int = 10_000
    queue_bytes: int = 536_870_912
    cors_origins: str = ""
    version_header: bool = True
    access_log: bool = True
    keep_alive_seconds: int = 75
    read_seconds: int = 30  # a request may stand still for so long; its head may take no longer altogether
    write_seconds: int = 60  # a client may leave an answer unread for so long
    drain_seconds: int = 300


@dataclass(frozen=True)
class Config:
    """One front: where it listens, whom it tells, and what it runs."""

    app: App
    name: str = "ML service"
    version: str = "1.0"
    path_prefix: str = ""
    aliases: tuple[str, ...] = ()
    fd: int | None = None
    host: str = "127.0.0.1"
    port: int = 5001
    health_port: int | None = None  # a second address of the same service
    control: str | None = None
    outcome: str | None = None
    secrets: str | None = None
    log: str | None = None
    workers: int = 1
    auth: str = "none"
    settings: Settings = Settings()
    unknown: tuple[str, ...] = ()  # settings that this version does not have, for one line in the log


def read(path: str) -> Config:
    """Read and check a configuration file; `ConfigError` says what is wrong with it."""
    try:
        with open(path, "rb") as file:
            content = json.load(file)
    except OSError as error:
        raise ConfigError(f"The configuration {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigError(f"The configuration {path} is not JSON: {error}.") from error
    return parse(content)


def parse(content: Any) -> Config:
    """A checked `Config` from its JSON form."""
    given = dict(_mapping(content, "the configuration"))
    if given.pop("protocol", PROTOCOL) != PROTOCOL:
        raise ConfigError(f"The configuration is of another version; this server reads protocol {PROTOCOL}.")
    names = {f.name for f in fields(Config)} - {"unknown"}
    for name in given.keys() - names:
        raise ConfigError(f"The configuration has no value {name!r}. It has: {', '.join(sorted(names))}.")
    if "app" not in given:
        raise ConfigError("The configuration lacks 'app', which says what the workers run.")
    settings, unknown = parse_settings(given.pop("settings", {}))
    app = parse_app(given.pop("app"))
    aliases = tuple(_typed("aliases", alias, str) for alias in given.pop("aliases", ()))
    config = Config(app, aliases=aliases, settings=settings, unknown=unknown)
    optional = {"fd": int, "health_port": int, "control": str, "outcome": str, "secrets": str, "log": str}
    for name, value in given.items():
        if name in optional:
            given[name] = None if value is None else _typed(name, value, optional[name])
        else:
            given[name] = _typed(name, value, type(getattr(config, name)))
    return _checked(replace(config, **given))


def parse_app(content: Any) -> App:
    """A checked `App` from its JSON form."""
    given = _mapping(content, "app")
    names = {f.name for f in fields(App)}
    for name in given.keys() - names:
        raise ConfigError(f"app has no value {name!r}. It has: {', '.join(sorted(names))}.")
    for name in ("root", "python", "entry_script"):
        if not _typed(f"app.{name}", given.get(name), str):
            raise ConfigError(f"app.{name} is empty.")
    source = given.get("source_directory")
    worker = _typed("app.worker", given.get("worker", ""), str)
    environment = _mapping(given.get("environment") or {}, "app.environment")
    return App(
        root=given["root"],
        python=given["python"],
        entry_script=given["entry_script"],
        source_directory=None if source is None else _typed("app.source_directory", source, str),
        environment={str(k): _typed(f"app.environment.{k}", v, str) for k, v in environment.items()},
        worker=worker,
    )


def parse_settings(content: Any, base: Settings | None = None) -> tuple[Settings, tuple[str, ...]]:
    """Settings over `base`, and the names that this version does not know: a newer caller may send more."""
    base = base or Settings()
    given = _mapping(content, "settings")
    known = {f.name for f in fields(Settings)}
    values = {n: _typed(f"settings.{n}", v, type(getattr(base, n))) for n, v in given.items() if n in known}
    for name, value in values.items():
        if isinstance(value, int) and value < 0:
            raise ConfigError(f"settings.{name} is {value}; it cannot be negative.")
    return replace(base, **values), tuple(sorted(given.keys() - known))


def parse_workers(value: Any) -> int:
    """A number of workers: at least one, and no more than a machine could hold."""
    if not 1 <= _typed("workers", value, int) <= 1000:
        raise ConfigError(f"workers is {value}; it must be between 1 and 1000.")
    return int(value)


def parse_auth(value: Any) -> str:
    if value not in AUTHS:
        raise ConfigError(f"auth is {value!r}; it is one of: {', '.join(AUTHS)}.")
    return str(value)


def _checked(config: Config) -> Config:
    parse_workers(config.workers)
    parse_auth(config.auth)
    for name in ("port", "health_port"):
        if not 0 <= (getattr(config, name) or 0) <= 65535:
            raise ConfigError(f"{name} is {getattr(config, name)}; it must be 0 to 65535, 0 for any that is free.")
    if not all(alias.startswith("/") for alias in config.aliases):
        raise ConfigError(f"An alias is a path that begins with /: {', '.join(config.aliases)}.")
    return config


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{name} is {value!r}; it must be an object.")
    return value


def _typed(name: str, value: Any, wanted: type) -> Any:
    if type(value) is not wanted:
        raise ConfigError(f"{name} is {value!r}; it must be of type {wanted.__name__}.")
    return value
