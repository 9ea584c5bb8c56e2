"""The goals of the scoring server, each with what was measured for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .figures import Figures, cpu, p50, p99, rate
from .servers import SERVERS

FIVE = ("azureml", "litserve", "mlserver", "mlflow", "bentoml")
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Goal:
    """What is wanted, what was seen, and whether that is enough; `met` is None when it was not measured."""

    name: str
    wanted: str
    measured: str = NOT_MEASURED
    met: bool | None = None


def goals(figures: Figures) -> list[Goal]:
    return list(_all(figures))


def _all(figures: Figures) -> Iterator[Goal]:
    yield from _trivial(figures)
    yield from _joined(figures)
    yield from _single(figures)
    yield from _batches(figures)
    yield from _bodies(figures)
    two, one = (figures.rounds("BUSY", name, 8, rate) for name in ("ours-two", "ours"))
    yield _least("5 ms of CPU a request: two workers against one", 1.8, {"": figures.ratio(two, one)})


def _trivial(figures: Figures) -> Iterator[Goal]:
    head = "W1 at 64 connections, requests/s against"
    yield _least(f"{head} each of five", 20, _against(figures, "W1", "ours", FIVE))
    yield _least(f"{head} FastAPI", 4, _against(figures, "W1", "ours", ["fastapi"]))
    yield _least(f"{head} nginx, static", 0.3, _against(figures, "W1", "ours", ["nginx"]))


def _joined(figures: Figures) -> Iterator[Goal]:
    head = "W2 at 64, batching on"
    yield _least(f"{head}, against each of five", 20, _against(figures, "W2", "ours-batching", FIVE))
    yield _least(f"{head}, against FastAPI", 8, _against(figures, "W2", "ours-batching", ["fastapi"]))
    yield _most(f"{head}, p99", 5, figures.median("W2", "ours-batching", 64, p99), "ms")
    head = "W2 at 64, batching off"
    both = ("azureml", "litserve")
    yield _least(f"{head}, against azureml, LitServe", 4, _against(figures, "W2", "ours", both, best=False))
    yield _least(f"{head}, against FastAPI", 2, _against(figures, "W2", "ours", ["fastapi"]))


def _single(figures: Figures) -> Iterator[Goal]:
    head = "W2 at 1 connection, p50"
    ours, inline, azureml = (figures.rounds("W2", name, 1, p50) for name in ("ours", "inline", "azureml"))
    yield _most(f"{head}, more than uvicorn inline", 0.10, figures.paired(ours, inline, lambda a, b: a - b), "ms")
    yield _least(f"{head}, as fast as azureml", 2.5, {"": figures.ratio(azureml, ours)})


def _batches(figures: Figures) -> Iterator[Goal]:
    yield _least("W4 at 64, batching on against off", 1.6, {"": _batching(figures, "W4", 64, rate)})
    more = _batching(figures, "W4", 1, cpu)
    more = None if more is None else (more - 1) * 100
    yield _most("W4 at 1 connection, CPU a request, batching on against off, more", 8, more, "%")
    found = {f"at {each}": _batching(figures, "HEAVY", each, rate) for each in (1, 4, 8, 64)}
    yield _least("slow small batches, batching on against off", 0.92, found)


def _bodies(figures: Figures) -> Iterator[Goal]:
    ours, run = figures.rounds("W6-bytes", "ours", 1, p50), figures.rounds("W6-bytes", "loop", 0, p50)
    yield _most("W6 as bytes, p50 at 1 connection against run()", 1.5, figures.ratio(ours, run), "×")
    yield _most("3 MB of JSON, the server's own share", 3, figures.median("LARGE", "ours", 1, p50), "ms")


def _batching(figures: Figures, workload: str, connections: int, of: Callable[..., float]) -> float | None:
    on, off = (figures.rounds(workload, name, connections, of) for name in ("ours-batching", "ours"))
    return figures.ratio(on, off)


def _against(
    figures: Figures, workload: str, ours: str, others: Sequence[str], best: bool = True
) -> dict[str, float | None]:
    """Ratios of requests/s at 64 connections; against the better of a peer's own two ways where it can batch."""
    one = figures.rounds(workload, ours, 64, rate)
    found: dict[str, float | None] = {}
    for other in others:
        names = [other, f"{other}-batching"] if best else [other]
        ratios = [figures.ratio(one, figures.rounds(workload, name, 64, rate)) for name in names]
        found[SERVERS[other].venv] = min((ratio for ratio in ratios if ratio is not None), default=None)
    return found if len(found) > 1 else {"": next(iter(found.values()))}


def _least(name: str, wanted: float, found: dict[str, float | None]) -> Goal:
    """Every one of the figures has to be that high; one that is missing leaves it open, unless another one fails."""
    goal, seen = Goal(name, f"≥ {wanted:g} ×"), [value for value in found.values() if value is not None]
    if not seen:
        return goal
    texts = [f"{label} {'–' if value is None else f'{value:.2f}'}".strip() for label, value in found.items()]
    met = all(value >= wanted for value in seen)
    return Goal(name, goal.wanted, " · ".join(texts), None if met and len(seen) < len(found) else met)


def _most(name: str, wanted: float, found: float | None, unit: str) -> Goal:
    goal = Goal(name, f"≤ {wanted:g} {unit}")
    return goal if found is None else Goal(name, goal.wanted, f"{found:.2f} {unit}", found <= wanted)
