"""What a front is told: CONFIG.json as frozen dataclasses, each value checked before any work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any

from .checking import ConfigError, mapping, read_json, typed

__all__ = ["App", "Config", "ConfigError", "Issuer", "Settings", "Tls"]

PROTOCOL = 1
LOOPBACK = ("http://127.0.0.1:", "http://localhost:", "http://[::1]:")
AUTHS = ("none", "key", "token")
TEXTS = ("control", "door", "outcome", "secrets", "log", "errors")  # that may be left out
LANE = re.compile(r"[A-Za-z0-9._-]{0,64}")


@dataclass(frozen=True)
class App:
    """What the workers run: `root` is their working folder, `entry_script` and `source_directory` lie under it."""

    root: str
    python: str
    entry_script: str
    source_directory: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    worker: str = ""  # the worker.py to run; empty: the one beside this front
    batch: bool = False  # its requests may be joined to one run


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
    request_log: bool = False  # each access line with a JSON object of ids and times
    log_bytes: int = 16_777_216  # a log file that is longer is put aside; 0: never
    log_files: int = 5  # files put aside that are kept
    keep_alive_seconds: int = 75
    read_seconds: int = 30  # a request may stand still for so long; its head may take no longer altogether
    write_seconds: int = 60  # a client may leave an answer unread for so long
    drain_seconds: int = 300
    worker_memory_limit: int = 0  # bytes that a worker may allocate; 0: no limit
    renew_memory: int = 0  # a worker that has grown beyond is replaced between two requests; 0: at 80 % of the limit
    renew_requests: int = 0  # a worker is replaced after so many; 0: never
    # Improvements on azmlinfsrv; each switched back by its setting.
    keep_alive: bool = True
    allow_header: bool = True  # a 405 names the methods that are allowed
    cors_needs_origin: bool = True  # no CORS header in the answer to a request without an Origin
    form_as_text: bool = True  # a form's body reaches `run` as text, not as the empty text
    gzip_bodies: bool = True  # unpacked, up to body_limit
    json_errors_400: bool = True  # a decorated script's JSON that is no UTF-8 or too deep is 400, not 500
    register_module: bool = True  # the script's module is in sys.modules, so pickles of its classes load
    log_root: bool = True  # the root logger writes to the log, from INFO on
    # Improvements that change what clients see; each switched on by its setting.
    schema_errors_400: bool = False  # a value that its parameter type cannot convert is 400, not 500
    encode_more: bool = False  # numpy, pandas, datetime and Decimal have a JSON form
    nan_as_null: bool = False
    max_concurrent: int = 0  # requests that one worker may hold or have waiting, else 503; 0: no such limit
    max_wait_ms: int = 0  # a request that waits longer for a worker, or surely would, is 503; 0: no such limit
    timeout_504: bool = False  # a run that takes too long is 504, not 500
    batch: bool = False  # requests that wait may be joined to one run, where that is checked and pays
    max_batch_size: int = 256  # requests that one run may join
    sample: str = ""  # a JSON file under the app root to check joining on; empty: the schema's, or what is recorded
    failures_free: int = 10  # failed attempts of one address to authenticate that are answered at once
    failure_delay_ms: int = 2000  # the longest that the answer to a further one waits
    # Autoscaling: workers grow with the work, and shrink when it has been less for a while.
    autoscale_max: int = 0  # the most workers; 0: their number is fixed
    autoscale_min: int = 1
    autoscale_utilization: int = 70  # percent of the workers that shall be busy
    autoscale_seconds: int = 1  # between two decisions
    autoscale_down_seconds: int = 60  # of less work, before workers go


@dataclass(frozen=True)
class Tls:
    """Paths of a certificate (with its chain) and its key, in PEM."""

    certificate: str
    key: str


@dataclass(frozen=True)
class Issuer:
    """Whose tokens are taken beside the service's own, and for which audience (OpenID Connect)."""

    issuer: str
    audience: str
    jwks_url: str
    leeway_seconds: int = 60  # that its clock and ours may differ


@dataclass(frozen=True)
class Config:
    """One front: where it listens, whom it tells, and what it runs."""

    app: App
    name: str = "ML service"
    version: str = "1.0"
    lane: str = ""  # the name of the first of several versions; empty: there is but one
    path_prefix: str = ""
    aliases: tuple[str, ...] = ()
    fd: int | None = None
    host: str = "127.0.0.1"
    port: int = 5001
    health_port: int | None = None  # a second address of the same service
    control: str | None = None
    door: str | None = None  # a Unix socket by which a listening socket is handed in
    outcome: str | None = None
    secrets: str | None = None
    log: str | None = None
    errors: str | None = None  # where the front's own faults go; none: stderr
    workers: int = 1
    auth: str = "none"
    tls: Tls | None = None
    oidc: Issuer | None = None
    settings: Settings = Settings()
    unknown: tuple[str, ...] = ()  # settings that this version does not have, for one line in the log


def read(path: str) -> Config:
    """Read and check a configuration file; `ConfigError` says what is wrong with it."""
    return parse(read_json(path, "configuration"))


def parse(content: Any) -> Config:
    """A checked `Config` from its JSON form."""
    given = dict(mapping(content, "the configuration"))
    if given.pop("protocol", PROTOCOL) != PROTOCOL:
        raise ConfigError(f"The configuration is of another version; this server reads protocol {PROTOCOL}.")
    names = {f.name for f in fields(Config)} - {"unknown"}
    for name in given.keys() - names:
        raise ConfigError(f"The configuration has no value {name!r}. It has: {', '.join(sorted(names))}.")
    if "app" not in given:
        raise ConfigError("The configuration lacks 'app', which says what the workers run.")
    settings, unknown = parse_settings(given.pop("settings", {}))
    app = parse_app(given.pop("app"))
    aliases = tuple(typed("aliases", alias, str) for alias in given.pop("aliases", ()))
    tls, oidc = parse_tls(given.pop("tls", None)), parse_issuer(given.pop("oidc", None))
    config = Config(app, aliases=aliases, tls=tls, oidc=oidc, settings=settings, unknown=unknown)
    optional = {"fd": int, "health_port": int} | dict.fromkeys(TEXTS, str)
    for name, value in given.items():
        if name in optional:
            given[name] = None if value is None else typed(name, value, optional[name])
        else:
            given[name] = typed(name, value, type(getattr(config, name)))
    return _checked(replace(config, **given))


def parse_app(content: Any) -> App:
    """A checked `App` from its JSON form."""
    given = mapping(content, "app")
    names = {f.name for f in fields(App)}
    for name in given.keys() - names:
        raise ConfigError(f"app has no value {name!r}. It has: {', '.join(sorted(names))}.")
    for name in ("root", "python", "entry_script"):
        if not typed(f"app.{name}", given.get(name), str):
            raise ConfigError(f"app.{name} is empty.")
    source = given.get("source_directory")
    worker = typed("app.worker", given.get("worker", ""), str)
    environment = mapping(given.get("environment") or {}, "app.environment")
    return App(
        root=given["root"],
        python=given["python"],
        entry_script=given["entry_script"],
        source_directory=None if source is None else typed("app.source_directory", source, str),
        environment={str(k): typed(f"app.environment.{k}", v, str) for k, v in environment.items()},
        worker=worker,
        batch=typed("app.batch", given.get("batch", False), bool),
    )


def parse_settings(content: Any, base: Settings | None = None) -> tuple[Settings, tuple[str, ...]]:
    """Settings over `base`, and the names that this version does not know: a newer caller may send more."""
    base = base or Settings()
    given = mapping(content, "settings")
    known = {f.name for f in fields(Settings)}
    values = {n: typed(f"settings.{n}", v, type(getattr(base, n))) for n, v in given.items() if n in known}
    for name, value in values.items():
        if isinstance(value, int) and value < 0:
            raise ConfigError(f"settings.{name} is {value}; it cannot be negative.")
    return replace(base, **values), tuple(sorted(given.keys() - known))


def parse_tls(content: Any) -> Tls | None:
    """A checked `Tls` from its JSON form; whether the files are good is seen when they are loaded."""
    tls: Tls | None = _group(Tls, "tls", content)
    return tls


def parse_issuer(content: Any) -> Issuer | None:
    """A checked `Issuer` from its JSON form."""
    issuer: Issuer | None = _group(Issuer, "oidc", content)
    if issuer and not issuer.jwks_url.startswith(("https://", *LOOPBACK)):
        raise ConfigError(f"oidc.jwks_url is {issuer.jwks_url!r}; keys are fetched by https, or from this machine.")
    return issuer


def switches(settings: Settings) -> dict[str, Any]:
    """What the worker does one way or the other."""
    on = ("form_as_text", "json_errors_400", "register_module", "log_root")
    off = ("schema_errors_400", "encode_more", "nan_as_null")
    return {
        **{name: getattr(settings, name) for name in (*on, *off)},
        "unpack_limit": settings.body_limit if settings.gzip_bodies else 0,
    }


def parse_workers(value: Any) -> int:
    """A number of workers: at least one, and no more than a machine could hold."""
    if not 1 <= typed("workers", value, int) <= 1000:
        raise ConfigError(f"workers is {value}; it must be between 1 and 1000.")
    return int(value)


def parse_lane(value: Any) -> str:
    """The name of one of several versions, which becomes part of headers and of file names; empty for the only one."""
    if not LANE.fullmatch(typed("version", value, str)):
        raise ConfigError(f"version is {value!r}; a name has at most 64 letters, digits, dots and dashes.")
    return str(value)


def parse_auth(value: Any) -> str:
    if value not in AUTHS:
        raise ConfigError(f"auth is {value!r}; it is one of: {', '.join(AUTHS)}.")
    return str(value)


def _checked(config: Config) -> Config:
    parse_workers(config.workers)
    parse_auth(config.auth)
    parse_lane(config.lane)
    for name in ("port", "health_port"):
        if not 0 <= (getattr(config, name) or 0) <= 65535:
            raise ConfigError(f"{name} is {getattr(config, name)}; it must be 0 to 65535, 0 for any that is free.")
    if not all(alias.startswith("/") for alias in config.aliases):
        raise ConfigError(f"An alias is a path that begins with /: {', '.join(config.aliases)}.")
    return config


def _group(wanted: type[Any], name: str, content: Any) -> Any:
    """A dataclass of named values, or None when there is none; values without a default must be given."""
    if content is None:
        return None
    given = mapping(content, name)
    types = {f.name: str if f.default is MISSING else type(f.default) for f in fields(wanted)}
    for key in given.keys() - types.keys():
        raise ConfigError(f"{name} has no value {key!r}. It has: {', '.join(types)}.")
    needed = {f.name for f in fields(wanted) if f.default is MISSING}
    for key in sorted(types.keys() & (needed | given.keys())):
        if not typed(f"{name}.{key}", given.get(key), types[key]) and types[key] is str:
            raise ConfigError(f"{name}.{key} is empty.")
    return wanted(**given)
