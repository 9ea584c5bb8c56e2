"""The process target: a front of its own session on this machine, found again by who it is, spoken to by a socket.

All that it keeps lies in `services/<name>/`: `run/N/` (a front's configuration, secrets and control socket, for the
owner only), `app/N/` (where workers run: links to the bundle, writable around them) and `logs/`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, ClassVar

import msgspec

from .. import bundle as bundles
from .. import environments
from ..disk import Home, locked, read_json, write_json
from ..errors import InvalidInput, OperationFailed, PortInUse, ServiceUnreachable
from ..processes import Identity, alive, identify
from ..server import control, legacy, rotation
from ..specs import Address, Bundle, Handle, Json, Leftover, LogLine, Reply, Settings, State
from . import Secrets, fronts

PACKAGE = "mldeploy_server"  # what the server's folder is called where it runs
RELOAD_LIMIT = 1800.0  # seconds that the workers of a new version may take to serve
STOP_LIMIT = 10.0  # seconds for the requests that run, before the front is killed
ALIAS = ("jupyter_mldeploy", "azureml", "on_path")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class ProcessTarget:
    """Runs bundles as processes of this machine."""

    kind: ClassVar[str] = "process"

    def __init__(self, home: Home) -> None:
        self.home = home

    def check(self, settings: Settings) -> None:
        if not 0 <= settings.port <= 65535:
            raise InvalidInput(f"{settings.port} is no port; choose 1 to 65535, or 0 for one that is free.")
        fronts.check(settings)
        if settings.port:
            _listen(settings).close()

    def render(self, bundle: Bundle, settings: Settings) -> Mapping[str, str]:
        """The front's configuration, with the place of the app and the interpreter left open."""
        app = fronts.app(bundle, Path("app"), "python", {})
        return {"front.json": json.dumps(fronts.configuration(settings, app), indent=2, sort_keys=True) + "\n"}

    def prepare(self, bundle: Bundle, settings: Settings, say: Callable[[str], None]) -> None:
        """Make the environment that the lock names."""
        environments.prepare(bundles.lock_of(bundle), self.home, say)

    def start(self, bundle: Bundle, settings: Settings, secrets: Secrets) -> Handle:
        folder = self.home.service(settings.service)
        python = self._python(bundle)
        own = _next(folder / "run")
        own.chmod(0o700)
        app = fronts.app(
            bundle, bundles.unfold(bundle, _next(folder / "app")), python, _of_this_machine(settings, folder, python)
        )
        with closing(_listen_again(settings, folder)) as listener:
            port = listener.getsockname()[1]
            configuration = fronts.configuration(settings, app) | {
                "fd": listener.fileno(),
                "port": port,
                "control": str(own / "s"),
                "outcome": str(own / "outcome.json"),
                "secrets": str(own / "secrets.json"),
                "log": str(folder / "logs" / "service.jsonl"),
                "errors": str(folder / "logs" / "front-errors.log"),
            }
            write_json(own / "secrets.json", dict(secrets), mode=0o600)
            write_json(own / "front.json", configuration, mode=0o600)
            server = _server(self.home)
            pid = self._spawn(folder, own, server, listener.fileno())
        who = identify(pid) or Identity(pid, "gone", "", "")
        data = {"service": settings.service, "run": own.name, "host": settings.host, "port": port, "time": time.time()}
        data |= {"server": server.name, "tls": _shown(settings)}
        handle = Handle(self.kind, data | {f: getattr(who, f) for f in ("pid", "started", "boot")} | {"on": who.host})
        # Beside the front, so that a front whose record was never written can be found.
        write_json(own / "handle.json", handle)
        return handle

    def update(self, handle: Handle, bundle: Bundle, settings: Settings, secrets: Secrets) -> Handle:
        old = handle.data
        if settings.host != old["host"] or settings.port not in (0, old["port"]):
            return self._move(handle, bundle, settings, secrets)
        folder = self.home.service(settings.service)
        root = bundles.unfold(bundle, _next(folder / "app"))
        python = self._python(bundle)
        app = fronts.app(bundle, root, python, _of_this_machine(settings, folder, python))
        # The front's own version of it, found anew: the workspace may have been moved since the front was started.
        app["worker"] = str(self.home.servers / str(old["server"]) / PACKAGE / "worker.py")
        rendered = fronts.configuration(settings, app)
        message = fronts.reload(rendered) | {"timeout": RELOAD_LIMIT}
        for reply in (*self.control(handle, {"v": 1, "op": "keys", **secrets}), *self.control(handle, message)):
            if reply.error:
                shutil.rmtree(root, ignore_errors=True)
                raise OperationFailed(
                    reply.error,
                    stage=reply.data.get("phase", "reload"),
                    traceback=reply.traceback,
                    log=reply.data.get("log", ""),
                )
        path, parts = self._own(handle) / "front.json", {"tls": None, "oidc": None}
        write_json(path, read_json(path, dict[str, Any]) | parts | rendered, mode=0o600)
        _drop_old_apps(folder, self._in_use(handle), keep=1)
        new = Handle(self.kind, {**old, "tls": _shown(settings)})
        write_json(self._own(handle) / "handle.json", new)
        return new

    def control(self, handle: Handle, message: Json) -> Sequence[Reply]:
        limit = {"reload": RELOAD_LIMIT, "scale": RELOAD_LIMIT, "share": RELOAD_LIMIT}.get(message["op"], 10.0)
        try:
            answer = control.call(self._socket(handle), dict(message), limit + 5 + float(message.get("seconds", 0)))
        except OSError as error:
            raise ServiceUnreachable(
                f"The front of service {handle.data['service']!r} does not answer: {error or type(error).__name__}. "
                "Look at its state and logs, or restart it."
            ) from error
        if message["op"] == "keys" and answer.get("ok"):
            path = self._own(handle) / "secrets.json"
            changed = {name: message[name] for name in ("keys", "signing", "principals") if name in message}
            write_json(path, read_json(path, dict[str, Any]) | changed, mode=0o600)
        refusal = "" if answer.get("ok") else str(answer.get("error") or "refused without a reason")
        return [Reply(str(handle.data["pid"]), answer, refusal, str(answer.get("traceback") or ""))]

    def address(self, handle: Handle) -> Address:
        where = f"{_reachable(handle.data['host'])}:{handle.data['port']}"
        if (tls := handle.data.get("tls")) is None:
            return Address(f"http://{where}", f"http://{where}")
        public = f"https://{tls['name']}:{handle.data['port']}" if tls["name"] else f"https://{where}"
        return Address(f"https://{where}", public, **tls)

    def state(self, handle: Handle) -> State:
        if not alive(_identity(handle)):
            return self._last_words(handle)
        try:
            seen = control.call(self._socket(handle), {"v": 1, "op": "status"}, 5.0)
        except OSError:
            return self._ending(handle) or State("Starting", "its front is starting")
        return fronts.live_state(seen)

    def logs(self, handle: Handle, follow: bool = False, previous: bool = False) -> Iterator[LogLine]:
        """The front's log, oldest first; `previous` with what earlier fronts of the service wrote."""
        since = 0.0 if previous else float(handle.data["time"])
        with suppress(OSError):  # asked for anything, a front writes what it still holds; a dead one holds nothing
            control.call(self._socket(handle), {"v": 1, "op": "stats"}, 5.0)
        for line in map(fronts.log_line, rotation.lines(str(self._folder(handle) / "logs" / "service.jsonl"), follow)):
            if line.time >= since:
                yield line

    def stop(self, handle: Handle) -> None:
        self._remove(handle)
        for name in ("app", "run"):
            shutil.rmtree(self._folder(handle) / name, ignore_errors=True)

    def found(self) -> Iterable[Handle]:
        for path in self.home.services.glob("*/run/*/handle.json"):
            handle = read_json(path, Handle)
            if not (path.parents[2] / "record.json").exists() and alive(_identity(handle)):
                yield handle

    def leftovers(self) -> Iterable[Leftover]:
        for handle in self.found():
            yield Leftover(
                self.kind, "service", handle.data["service"], "it was deleted", 0, msgspec.to_builtins(handle)
            )

    def discard(self, leftover: Leftover) -> None:
        self.stop(msgspec.convert(leftover.data, Handle))

    def _folder(self, handle: Handle) -> Path:
        return self.home.service(handle.data["service"])

    def _own(self, handle: Handle) -> Path:
        return self._folder(handle) / "run" / str(handle.data["run"])

    def _socket(self, handle: Handle) -> str:
        return str(self._own(handle) / "s")

    def _in_use(self, handle: Handle) -> set[str]:
        """The app folders that the versions of a service run in; of one with a single version its newest suffices."""
        status = self.control(handle, {"v": 1, "op": "status"})[0].data
        return {Path(one["root"]).name for one in status.get("versions", {}).values()}

    def _python(self, bundle: Bundle) -> str:
        return environments.prepare(bundles.lock_of(bundle), self.home)

    def _move(self, handle: Handle, bundle: Bundle, settings: Settings, secrets: Secrets) -> Handle:
        """Another address: a second front serves there before the first one goes."""
        new = self.start(bundle, settings, secrets)
        while (state := self.state(new)).phase == "Starting":
            time.sleep(0.02)
        if state.phase != "Healthy":
            self._remove(new)
            raise OperationFailed(state.reason, stage="init()", traceback=state.traceback)
        self._remove(handle)
        return new

    def _remove(self, handle: Handle) -> None:
        identity = _identity(handle)
        if alive(identity):
            with suppress(OSError):
                control.call(self._socket(handle), {"v": 1, "op": "drain"}, 2.0)
            _end(identity)
        shutil.rmtree(self._own(handle), ignore_errors=True)

    def _spawn(self, folder: Path, own: Path, server: Path, listener: int) -> int:
        (folder / "logs").mkdir(exist_ok=True)
        with (folder / "logs" / "front.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", PACKAGE, str(own / "front.json")],
                cwd=own,
                env={**os.environ, "PYTHONPATH": str(server)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[listener],
                start_new_session=True,
            )
        _children.append(process)
        return process.pid

    def _ending(self, handle: Handle) -> State | None:
        """What a front wrote of its own end, when it did so before its process was gone."""
        try:
            phase = read_json(self._own(handle) / "outcome.json", dict[str, Any]).get("phase")
        except FileNotFoundError:
            return None
        return self._last_words(handle) if phase in ("failed", "stopped") else None

    def _last_words(self, handle: Handle) -> State:
        """What a front that is gone wrote of its own end; nothing, when it was killed."""
        try:
            outcome = read_json(self._own(handle) / "outcome.json", dict[str, Any])
        except FileNotFoundError:
            outcome = {}
        return fronts.last_words(outcome, _tail(self._folder(handle) / "logs" / "front.log"))


_children: list[subprocess.Popen[bytes]] = []  # kept so that a front that ends is reaped, not left a zombie


def _listen(settings: Settings) -> socket.socket:
    """A listening socket, so that a port in use is known before anything is started."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise PortInUse(
            f"Port {settings.port} of {settings.host} cannot be used: {error.strerror}. "
            "Choose another, or leave it out for one that is free."
        ) from error
    return listener


def _listen_again(settings: Settings, service: Path) -> socket.socket:
    """Without a wish for a port, listen where the service last was, if that is free: its callers know the address."""
    runs = [read_json(path, Handle).data for path in service.glob("run/*/handle.json")]
    known = [run for run in sorted(runs, key=lambda run: float(run["time"])) if run["host"] == settings.host]
    if settings.port == 0 and known:
        _end(_identity(Handle(ProcessTarget.kind, known[-1])))  # its last breath still holds the port
        with suppress(PortInUse):
            return _listen(replace(settings, port=known[-1]["port"]))
    return _listen(settings)


def _shown(settings: Settings) -> dict[str, str] | None:
    """What callers on this machine need to know of the certificate."""
    return {"certificate": settings.tls.certificate, "name": settings.tls.name} if settings.tls else None


def _of_this_machine(settings: Settings, folder: Path, python: str) -> dict[str, str]:
    """Variables that a worker gets from where it runs: its share of the cores, the place of collected model data, which
    outlives each version's app folder, and the caller's own PYTHONPATH, since the front runs with another."""
    threads = str(max(1, (os.cpu_count() or 1) // settings.workers))
    given = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    # The alias for a notebook's child processes is no part of a service: its shims say what azureml is there.
    kept = [entry for entry in given if Path(entry).parts[-3:] != ALIAS]
    path = {"PYTHONPATH": os.pathsep.join(kept)} if kept else {}
    own = {"SERVICE_NAME": settings.service, "MLDEPLOY_MODELDATA": str(folder / "modeldata")}
    own[legacy.VARIABLE] = str(legacy.wanted()).lower()  # at each deployment: fronts outlive callers
    own |= fronts.collecting(settings) | environments.variables(python)
    return {name: threads for name in THREADS if name not in os.environ} | path | own


def _next(folder: Path) -> Path:
    """Make and return `folder/N`, N one more than the highest there."""
    numbers = [int(path.name) for path in folder.glob("*") if path.name.isdigit()]
    new = folder / str(max(numbers, default=0) + 1)
    new.mkdir(parents=True)
    return new


def _drop_old_apps(service: Path, used: set[str], keep: int) -> None:
    found = {path.name for path in (service / "app").glob("*") if path.name.isdigit()}
    numbers = sorted(map(int, found - used))
    for number in numbers[:-keep]:
        shutil.rmtree(service / "app" / str(number), ignore_errors=True)


def _server(home: Home) -> Path:
    """The folder in the workspace that holds this version's server, copied there once: an upgrade of the package
    under a running service mixes nothing."""
    source = Path(control.__file__).parent
    files = sorted(p for p in source.rglob("*") if p.suffix in (".py", ".html"))
    digest = hashlib.sha256(b"".join(str(p.relative_to(source)).encode() + p.read_bytes() for p in files))
    target = home.servers / digest.hexdigest()[:16]
    if not target.exists():
        with locked(home.servers / ".lock"):
            if not target.exists():
                aside = Path(mkdtemp(prefix=".copying-", dir=home.servers))
                shutil.copytree(source, aside / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
                aside.chmod(0o755)
                aside.rename(target)
    return target


def _identity(handle: Handle) -> Identity:
    data = handle.data
    return Identity(data["pid"], data["started"], data["boot"], data["on"])


def _end(identity: Identity) -> None:
    """Wait for a front to finish its requests, then ask it to go, then kill it."""
    for ask in (None, signal.SIGTERM, signal.SIGKILL):
        if ask is not None and alive(identity):
            with suppress(ProcessLookupError):
                os.kill(identity.pid, ask)
        deadline = time.monotonic() + (STOP_LIMIT if ask is None else 2.0)
        while time.monotonic() < deadline:
            _children[:] = [child for child in _children if child.poll() is None]
            if not alive(identity):
                return
            time.sleep(0.01)


def _reachable(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not bound to
    return f"[{host}]" if ":" in host else host


def _tail(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").splitlines()[-10:]
    except FileNotFoundError:
        return ""
    return "\n" + "\n".join(lines) if lines else ""
