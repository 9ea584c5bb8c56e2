"""What to say of an error that came while a model was loaded, or used after it was: which version wrote it."""

import io
import linecache
import os
import re
from types import TracebackType
from typing import Any, Iterator, List

from .written import about

LOADERS = ("pickle", "joblib", "dill", "cloudpickle")  # modules whose frames are a load
OTHERS = ("json", "simplejson", "yaml", "toml", "tomllib")  # of these it is not
LOADING = re.compile(r"(?<!json\.)(?<!yaml\.)(?<!toml\.)\b(?:load|loads|read_pickle|Unpickler)\(")
TEXT = re.compile(r"""(["'])([^"'\n]+)\1""")
WORD = re.compile(r"[A-Za-z_]\w*")
ENDINGS = (".pkl", ".pickle", ".joblib", ".sav", ".p", ".dump", ".model", ".z", ".gz", ".bz2", ".xz", "")
FILES = 20


def explain(error: BaseException, *folders: str) -> str:
    """What to know of the models that were being loaded or used when `error` came; empty when there is nothing.

    `folders` are where the models lie, for the loads that do not tell their file.
    """
    if isinstance(error, (OSError, MemoryError)):
        return ""
    places = list(_places(error))
    loading = any(_loads(place) for place in places)
    # Or an estimator that was loaded lacks what today's class reads; its file is not known any more.
    using = isinstance(error, (AttributeError, TypeError)) and any(_module(place) == "sklearn" for place in places)
    if not loading and not using:
        return ""
    named = [path for place in places for path in _files_of(place)]
    told = [about(path) for path in dict.fromkeys(named or _found(folders))]
    return " ".join(each for each in told if each)


def _places(error: BaseException) -> Iterator[TracebackType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _line(place: TracebackType) -> str:
    return linecache.getline(place.tb_frame.f_code.co_filename, place.tb_lineno)


def _module(place: TracebackType) -> str:
    return str(place.tb_frame.f_globals.get("__name__", "")).partition(".")[0]


def _loads(place: TracebackType) -> bool:
    module = _module(place)
    return module in LOADERS or (module not in OTHERS and bool(LOADING.search(_line(place))))


def _files_of(place: TracebackType) -> List[str]:
    """Files that a load has at hand: joblib's `filename`, and what the names and texts of its line mean."""
    if not _loads(place):
        return []
    line, own = _line(place), place.tb_frame.f_locals
    there = {**place.tb_frame.f_globals, **own}
    values = [own.get("filename"), *(there.get(name) for name in WORD.findall(line))]
    paths = [_path(value) for value in values] + [text for _, text in TEXT.findall(line)]
    return [path for path in paths if path and os.path.isfile(path)]


def _path(value: Any) -> str:
    """The path that a text, a path or an open file stands for; empty for all else."""
    if isinstance(value, (str, os.PathLike)):
        return str(value)
    name = getattr(value, "name", None) if isinstance(value, io.IOBase) else None
    return name if isinstance(name, str) else ""


def _found(folders: Any) -> List[str]:
    paths: List[str] = []
    for folder in filter(os.path.isdir, folders):
        for place, inner, files in os.walk(folder):
            inner.sort()
            paths += [os.path.join(place, n) for n in sorted(files) if os.path.splitext(n)[1].lower() in ENDINGS]
            if len(paths) >= FILES:
                return paths[:FILES]
    return paths
