"""The frozen nouns that travel between floors, processes and disk: plain data, no I/O, no behaviour that surprises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Mapping[str, Any]
Phase = Literal["Starting", "Healthy", "Unhealthy", "Failed", "Stopped"]
Auth = Literal["none", "key", "token"]


@dataclass(frozen=True)
class ModelRef:
    """A registered model version as a deployment needs it: where its one file or folder lies on this machine.

    `digest` is the SHA-256 of the content as the registry recorded it, or empty when it has to be computed.
    A model given as a bare path has version 0 (v1 SDK, LocalWebservice).
    """

    name: str
    version: int
    path: str
    digest: str = ""

    @property
    def id(self) -> str:
        return f"{self.name}:{self.version}"


@dataclass(frozen=True)
class ScriptSpec:
    """The entry script: with `source_directory` (absolute) the script is relative to it and the whole folder goes
    along; without, `entry_script` is an absolute path and goes alone (v1 SDK, InferenceConfig), but for the files and
    folders of `beside`, which are laid next to it (v1 SDK, image configurations).

    `batch`: its `run` may get the rows of several requests at once.
    """

    entry_script: str
    source_directory: str | None = None
    batch: bool = False
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class EnvironmentSpec:
    """The Python environment that a service asks for. Empty `pip` and `conda` mean the interpreter as it is.

    `python` is the asked version text (`3.8.13`), or empty for any. `pip` holds requirement lines, `pip_options` the
    option lines that stood beside them, `conda` the specifications of conda packages other than Python.
    `variables` are set in the workers. `docker` keeps what only images use (base image, Dockerfile text …).
    """

    name: str = "default"
    python: str = ""
    pip: tuple[str, ...] = ()
    pip_options: tuple[str, ...] = ()
    conda: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    user_managed: bool = False
    interpreter: str = ""
    docker: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Lock:
    """What an EnvironmentSpec resolved to, on one platform.

    `python` is the exact version, `requirements` pins (`name==version`), `interpreter` the executable that already
    satisfies them, or empty when an environment has to be made; `notices` what was dropped or substituted;
    `options` the index options that the pins need to be found again; `conda` the packages of an environment that conda
    makes, as the lines of an explicit list (`URL#md5`), to which `requirements` are added by pip.
    """

    digest: str
    python: str
    platform: str
    requirements: tuple[str, ...] = ()
    interpreter: str = ""
    notices: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    conda: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bundle:
    """A built bundle: a read-only folder whose name is its digest (see `bundle.build`)."""

    digest: str
    path: str


@dataclass(frozen=True)
class Tls:
    """Where a service's certificate (with its chain) and its key lie, in PEM: full paths, the content is never kept.

    `name` is what our own client checks the certificate by, where it is not for the address itself.
    """

    certificate: str
    key: str
    name: str = ""


@dataclass(frozen=True)
class Settings:
    """How a service runs, apart from what it runs. Times in milliseconds, memory in GB, cpu in cores.

    `port` 0 means one that is free. `limits` keeps queue, probe and autoscale values by the v1 parameter name.
    `server` holds the scoring server's own settings by their names, which win over those that v1 has names for;
    `oidc` whose tokens are taken beside the service's own (issuer, audience, jwks_url, leeway_seconds).
    `docker` holds what a service wishes of a container engine (base image, GPUs, mounts …).
    `version` says which of several versions behind the service's name this is, empty where there is but one, and
    `traffic` what it gets of the requests, in percent.
    """

    service: str
    target: str = "process"
    host: str = "127.0.0.1"
    port: int = 0
    workers: int = 1
    auth: Auth = "none"
    cpu: float | None = None
    memory_gb: float | None = None
    scoring_timeout_ms: int = 3_600_000
    autostart: bool = False
    limits: Json = field(default_factory=dict)
    server: Json = field(default_factory=dict)
    tls: Tls | None = None
    oidc: Json = field(default_factory=dict)
    version: str = ""
    traffic: int = 0
    docker: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Handle:
    """What a target needs to find again what it started; `data` is JSON that only that target reads."""

    target: str
    data: Json


@dataclass(frozen=True)
class Address:
    """Base URLs without a trailing slash: where this machine reaches the service, and where others do.

    With TLS `certificate` is the file that the service shows itself by, and `name` what to check it by, if not the
    address.
    """

    local: str
    public: str
    certificate: str = ""
    name: str = ""


@dataclass(frozen=True)
class State:
    """Live state as a target sees it: `reason` says why in a sentence, `traceback` is the script's own, if any."""

    phase: Phase
    reason: str = ""
    traceback: str = ""
    workers: int = 0
    ready: int = 0


@dataclass(frozen=True)
class Leftover:
    """Something on a target that no service has any more. `kind`: service, volume, image or build cache; `size` in
    bytes, as far as the target knows it; `data` what only that target reads."""

    target: str
    kind: str
    name: str
    why: str
    size: int = 0
    data: Json = field(default_factory=dict)


@dataclass(frozen=True)
class LogLine:
    """One line of a service's log. `time` is seconds since the epoch; `stream` is stdout, stderr, server or access."""

    time: float
    stream: str
    text: str
    replica: str = ""
    request: str = ""


@dataclass(frozen=True)
class Reply:
    """One replica's answer to a control message; `data` as the control protocol says, `error` empty when it worked."""

    replica: str
    data: Json
    error: str = ""
    traceback: str = ""


@dataclass(frozen=True)
class Event:
    """One line of an operation's file. `status`: started, done, note, failed; the last event has stage `end` and
    status succeeded or failed. `data` holds `traceback` and `log` on a failure."""

    time: float
    stage: str
    status: str
    text: str = ""
    data: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """All that a deployment or an update needs, secrets excepted; what an operation reads from disk."""

    service: str
    type: str
    script: ScriptSpec
    settings: Settings
    models: tuple[ModelRef, ...] = ()
    environment: EnvironmentSpec = EnvironmentSpec()
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    compute: str | None = None
    configuration: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Version:
    """One of several versions behind a service's name: what was asked, and what serves. `control` is a mark for those
    who compare versions (v1 SDK, AksEndpoint)."""

    plan: Plan
    created_time: float
    updated_time: float
    control: bool = False
    bundle: Bundle | None = None
    lock: Lock | None = None


@dataclass(frozen=True)
class ServiceRecord:
    """A service on disk: what was asked (`plan`), what serves (`bundle`, `handle`) and who works on it (`operation`).

    `configuration` inside the plan keeps v1's deployment parameters as given, for the objects that show them.
    With several `versions`, the plan runs what the one named `default` does: it gets what traffic is left over.
    """

    plan: Plan
    created_time: float
    updated_time: float
    created_by: str = ""
    bundle: Bundle | None = None
    lock: Lock | None = None
    handle: Handle | None = None
    operation: str = ""
    history: tuple[str, ...] = ()
    schema: int = 1
    versions: Mapping[str, Version] = field(default_factory=dict)
    default: str = ""

    @property
    def models(self) -> tuple[ModelRef, ...]:
        """All that any of its versions serves."""
        plans = [self.plan, *(version.plan for version in self.versions.values())]
        return tuple(dict.fromkeys(model for plan in plans for model in plan.models))


@dataclass(frozen=True)
class Principal:
    """A service principal: who may ask `services` for tokens. Of its secret only the hash is kept. Times in seconds
    since the epoch; without an expiry it ends when it is revoked."""

    id: str
    hash: str = field(repr=False)
    services: tuple[str, ...]
    created_time: float
    expires_time: float | None = None
    description: str = ""
    revoked_time: float | None = None


# Registry nouns.


@dataclass(frozen=True)
class ExperimentInfo:
    id: str
    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    archived_time: float | None = None


@dataclass(frozen=True)
class RunInfo:
    """A run. `status` is v1's word: Running, Completed, Failed, Canceled, NotStarted. Times in seconds."""

    id: str
    experiment_id: str
    experiment_name: str
    name: str = ""
    description: str = ""
    status: str = "Running"
    number: int = 1
    start_time: float | None = None
    end_time: float | None = None
    parent_id: str | None = None
    user: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelInfo:
    """A registered model version. `path` inside its run's artifacts; `size` in bytes; times in seconds."""

    name: str
    version: int
    created_time: float
    description: str | None = None
    created_by: str = ""
    framework: str | None = None
    framework_version: str | None = None
    run_id: str | None = None
    experiment_name: str | None = None
    source: str = ""
    entry: str = ""  # name of the one file or folder that was registered
    digest: str = ""
    size: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    extra: Json = field(default_factory=dict)  # resource configuration, datasets, sample ids

    @property
    def id(self) -> str:
        return f"{self.name}:{self.version}"


@dataclass(frozen=True)
class ModelDetails:
    """What is said about a model when it is registered. `properties` can never be changed, tags can; values are text.

    `created_by` empty means the user of this process. `extra` is JSON: resource configuration, datasets, samples.
    """

    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    framework: str | None = None
    framework_version: str | None = None
    extra: Json = field(default_factory=dict)
    created_by: str = ""
