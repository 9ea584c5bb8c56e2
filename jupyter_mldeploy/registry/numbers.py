"""Numbers that are given once and never again, kept in the workspace because MLflow forgets them with a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..disk import Home, locked, read_json, write_json


class Ledger:
    """The last number given under each name of one store. Use it only inside `opened`."""

    def __init__(self, content: dict[str, Any], store: str) -> None:
        self._content = content
        self._rows: dict[str, dict[str, int]] = content.setdefault(store, {})
        self.changed = False

    def last(self, kind: str, name: str) -> int:
        return self._rows.get(f"{kind}/{name}", {}).get("last", 0)

    def born(self, kind: str, name: str) -> int:
        """Creation time of the thing that was counted; another one of the same name is counted on."""
        return self._rows.get(f"{kind}/{name}", {}).get("born", 0)

    def note(self, kind: str, name: str, last: int, born: int = 0) -> None:
        self._rows[f"{kind}/{name}"] = {"last": max(last, self.last(kind, name)), "born": born}
        self.changed = True


class Numbers:
    """The ledger on disk: one file for the workspace, one part for each store that was used from it."""

    def __init__(self, home: Home, store: str) -> None:
        self._path, self.store = home.path / "numbers.json", store

    @contextmanager
    def opened(self) -> Iterator[Ledger]:
        """Hold the ledger between processes; `save` writes what was noted, and so does leaving."""
        with locked(self._path.with_suffix(".lock")):
            content = read_json(self._path, dict[str, Any]) if self._path.exists() else {}
            ledger = Ledger(content, self.store)
            yield ledger
            self.save(ledger)

    def save(self, ledger: Ledger) -> None:
        if ledger.changed:
            write_json(self._path, ledger._content)
            ledger.changed = False
