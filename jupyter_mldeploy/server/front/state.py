"""What all parts of one front share."""

from __future__ import annotations

from itertools import count
from time import gmtime, strftime, time
from typing import TYPE_CHECKING, Any

from .metrics import Metrics

if TYPE_CHECKING:
    from .auth import Auth
    from .config import App, Config, Settings
    from .crew import Crew
    from .heads import Heads
    from .lanes import Lanes
    from .logs import Log
    from .outcome import Outcome
    from .pool import Pool
    from .routes import Routes
    from .tls import Certificate


class Counts:
    """Counters since the start of the front."""

    def __init__(self) -> None:
        self.requests = 0  # scoring requests that were answered
        self.errors = 0  # of these, with a status of 500 and above
        self.raised = 0
        self.crashed = 0
        self.timeouts = 0
        self.refused = 0  # 503 for want of a worker or of room in the queue
        self.unauthorised = 0
        self.dropped = 0  # the client had gone before the work began
        self.restarts = 0
        self.last_error = ""


class Front:
    """The shared state. `tick` counts seconds, coarse enough to be free; `stamp` is the date header of this second."""

    pool: Pool  # with several versions: the default's, as is `crew`
    crew: Crew
    routes: Routes
    lanes: Lanes
    lane = ""  # its name, where this is one of several versions …
    mark = b""  # … and the header line by which one of several versions says that it answered
    scored = 0  # requests that were dealt to this version
    heads: Heads

    def __init__(self, config: Config, auth: Auth, log: Log, outcome: Outcome) -> None:
        self.config = config
        self.settings: Settings = config.settings
        self.coming: tuple[App, Settings] | None = None  # what a reload brings: until it is done, only its workers know
        self.auth = auth
        self.certificate: Certificate | None = None
        self.log = log
        self.outcome = outcome
        self.counts = Counts()
        self.metrics = Metrics()
        self.numbers = count(1)  # of workers
        self.began = time()
        self.connections: set[Any] = set()
        self.port = 0
        self.handed = False  # whether it also serves on a socket that was handed in
        self.tick = 0
        self.stamp = b""
        self.refresh()

    def settings_for(self, app: App) -> Settings:
        """The settings that a worker of `app` starts with."""
        return self.coming[1] if self.coming is not None and self.coming[0] is app else self.settings

    def adopt(self, settings: Settings) -> None:
        """Put settings in force, for the next request on."""
        self.settings = settings
        self.log.limit(settings.log_bytes, settings.log_files)

    def note_unknown(self, names: tuple[str, ...]) -> None:
        if names:
            self.log.line(f"Settings that this server does not know and leaves alone: {', '.join(names)}.", "W")

    def refresh(self) -> None:
        """Once a second."""
        self.tick += 1
        self.metrics.tick(self.tick)
        self.stamp = strftime("date: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime()).encode()
