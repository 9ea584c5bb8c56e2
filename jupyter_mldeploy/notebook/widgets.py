"""RunDetails: a run as a card that keeps itself up to date. Twin of `azureml.widgets`; never blocks the cell."""

from __future__ import annotations

import threading
from html import escape
from importlib import import_module
from typing import Any

from ..core._run_waiting import ENDED
from ..core._submission.place import STD_LOG
from ..core.run import Run
from ..errors import MLDeployError

__all__ = ["RunDetails"]
TICK = 1.0  # seconds between two looks
LINES = 12  # of the log
_COLOURS = {"Completed": "#2e7d32", "Failed": "#c62828", "Canceled": "#757575"}
_STYLE = "font:13px/1.5 system-ui,sans-serif;border:1px solid #8884;border-radius:6px;padding:10px 14px;max-width:60em"


class RunDetails:
    """The card of a run: its state, metrics and last log lines.

    With ipywidgets it is one of its widgets, without it is plain HTML, and outside of a notebook it is text.
    """

    def __init__(self, run_instance: Run) -> None:
        self._run = run_instance

    def show(self, render_lib: Any = None, widget_settings: Any = None) -> None:
        """Show the card at once; a thread renews it until the run has ended."""
        shell = _shell()
        if shell is None:
            print(as_text(self.get_widget_data()))
            return
        data = self.get_widget_data()
        renew = _shown(as_html(data))
        if data["status"] not in ENDED:
            threading.Thread(target=self._follow, args=(renew,), name="RunDetails", daemon=True).start()

    def get_widget_data(self, widget_settings: Any = None) -> dict[str, Any]:
        """What the card shows."""
        details = self._run.get_details()
        return {
            "id": self._run.id,
            "experiment": self._run.experiment.name,
            "name": self._run.display_name,
            "status": details["status"],
            "start_time": details["startTimeUtc"],
            "end_time": details["endTimeUtc"],
            "metrics": self._run.get_metrics(),
            "log": _last_lines(self._run, details["logFiles"]),
            "error": (details["error"] or {}).get("message", ""),
        }

    def _follow(self, renew: Any) -> None:
        stop = threading.Event()
        while not stop.wait(TICK):
            try:
                data = self.get_widget_data()
            except MLDeployError:
                return  # the run was deleted meanwhile; the card shows what was last known
            renew(as_html(data))
            if data["status"] in ENDED:
                return


def as_html(data: dict[str, Any]) -> str:
    """The card as HTML; everything that comes from the run is escaped."""
    colour = _COLOURS.get(data["status"], "#1565c0")
    rows = "".join(
        f"<tr><td style='padding-right:1em'>{escape(str(name))}</td><td>{escape(_short(value))}</td></tr>"
        for name, value in data["metrics"].items()
    )
    said = data["error"] or data["log"]
    parts = [
        f"<b>{escape(data['name'] or data['id'])}</b> · {escape(data['experiment'])} · "
        f"<span style='color:{colour}'>{escape(data['status'])}</span>",
        f"<div style='opacity:.7'>{escape(data['id'])} · {escape(data['start_time'] or '')}</div>",
        f"<table>{rows}</table>" if rows else "",
        f"<pre style='margin:6px 0 0;overflow:auto;max-height:16em'>{escape(said)}</pre>" if said else "",
    ]
    return f"<div style='{_STYLE}'>{''.join(parts)}</div>"


def as_text(data: dict[str, Any]) -> str:
    """The card where no HTML can be shown."""
    lines = [f"{data['name'] or data['id']} ({data['experiment']}): {data['status']}"]
    lines += [f"  {name}: {_short(value)}" for name, value in data["metrics"].items()]
    return "\n".join([*lines, *(f"  | {line}" for line in (data["error"] or data["log"]).splitlines())])


def _short(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 120 else f"{text[:117]}…"


def _last_lines(run: Run, logs: dict[str, str]) -> str:
    """The end of what a submitted script printed."""
    text = run._text(STD_LOG) if STD_LOG in logs else ""
    return "\n".join(text.splitlines()[-LINES:])


def _shell() -> Any:
    """The IPython of a notebook; None in a plain Python, which has none."""
    try:
        return import_module("IPython").get_ipython()
    except ImportError:
        return None


def _shown(html: str) -> Any:
    """Show HTML in the cell; returns the function that replaces it."""
    display = import_module("IPython.display")
    try:
        widgets = import_module("ipywidgets")
    except ImportError:
        handle = display.display(display.HTML(html), display_id=True)
        return lambda new: handle.update(display.HTML(new))
    widget = widgets.HTML(value=html)
    display.display(widget)
    return lambda new: setattr(widget, "value", new)
