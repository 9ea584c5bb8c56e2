"""Whether a script may be joined at all: its answers to a sample, row by row and joined, must be the same.

Numbers may differ by what another order of summing makes (BLAS does that); everything else is compared exactly. Single
precision loses a few units of 1e-7 of the largest terms, so of a small number beside large ones many digits.
"""

import json
from itertools import chain, repeat
from math import inf
from time import monotonic
from typing import Any, Dict, List, Optional

from .rows import cut, joined, rows, split
from .scoring import Scoring
from .tracebacks import summary

RELATIVE, ABSOLUTE = 1e-5, 1e-9  # of the number itself …
SCALED, LARGEST = 1e-6, 100.0  # … and of the largest beside it, as far as that: a time in seconds may stand there, too
EACH, ALL = 4, 32  # rows that are taken of each body of the sample, and altogether
LEAST = 2  # rows that are scored however long that takes …
SECONDS = 0.25  # … and no further ones after this time
REPEATED = 4  # how often the only row of a sample stands in the joined run


class Differs(Exception):
    """The script cannot be joined; the text says why, as the end of a sentence with "because"."""


class Failed(Differs):
    """`run` raised, or the row did not even reach it."""


def check(scoring: Scoring, bodies: List[str], recorded: bool) -> Dict[str, Any]:
    """What a CHECKED frame says: `ok`, `rows` that were compared, and the `reason` when it is not.

    Rows of a `recorded` sample that fail alone are left out: they may be an older version's.
    """
    try:
        return {"ok": True, "rows": _compare(scoring, bodies, recorded), "reason": ""}
    except Differs as differs:
        return {"ok": False, "rows": 0, "reason": str(differs)}


def _compare(scoring: Scoring, bodies: List[str], recorded: bool) -> int:
    texts = list(chain.from_iterable(split(found.text)[:EACH] for found in map(_rows, bodies) if found))[:ALL]
    alone: Dict[str, Any] = {}
    began = monotonic()
    for text in texts:
        if len(alone) >= LEAST and monotonic() - began > SECONDS:
            break
        try:
            alone[text] = _score(scoring, [text])[0]
        except Failed:
            if not recorded:
                raise
    if not alone:
        return 0
    kept = list(alone) if len(alone) > 1 else list(alone) * REPEATED
    values = _score(scoring, kept)
    scale = _scale(list(alone.values()))
    for place, text in enumerate(kept):
        value = values[place]
        if not same(alone[text], value, scale):
            raise Differs(
                f"its answer to the row {_short(text)} is {_short(alone[text])} alone, but {_short(value)} in a run "
                f"with {len(kept) - 1} others"
            )
    return len(alone)


def _rows(body: str) -> Any:
    return rows(body.encode("utf-8", "replace"))


def _score(scoring: Scoring, texts: List[str]) -> List[Any]:
    """The answer to each of these rows in one run, as a client would decode it."""
    count = len(texts)
    try:
        value = scoring.run(**scoring.read({}, joined(texts)))
        values = cut(value, [1] * count)
        decoded = None if values is None else [_decoded(scoring, own) for own in values]
    except BaseException as error:  # noqa: BLE001 (the edge around the user's script)
        raise Failed(f"run() raised {summary(error)} for {_many(count)} of its sample") from None
    if decoded is None:
        raise Differs(f"run() returned {_kind(value)} for {_many(count)}, where it must return a list of {count}")
    return decoded


def _decoded(scoring: Scoring, value: Any) -> Any:
    decoded = json.loads(scoring.encode(value))
    return json.loads(decoded) if isinstance(decoded, str) else decoded


def same(one: Any, other: Any, scale: float = 0.0) -> bool:
    """Equal, but for the last digits of floating-point numbers; the largest number beside them is of this `scale`."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        near = abs(one - other) <= RELATIVE * abs(one) + SCALED * scale + ABSOLUTE < inf
        return near or bool(one == other or (one != one and other != other))
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other, repeat(_scale(one))))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def _scale(values: List[Any]) -> float:
    """How large the largest of these numbers is; what is no finite number does not count."""
    sizes = (abs(value) for value in values if isinstance(value, float))
    return min(max((size for size in sizes if size < inf), default=0.0), LARGEST)


def _many(count: int) -> str:
    return "one row" if count == 1 else f"{count} rows"


def _kind(value: Any) -> str:
    length: Optional[int] = len(value) if isinstance(value, (list, tuple)) else None
    name = type(value).__name__
    return f"a {name}" if length is None else f"a {name} of {length}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
