"""What a run logs: v1's rules for values, tables and images, and reading metrics back."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..registry import Registry
from ..specs import RunInfo
from ._tags import python_number
from .exceptions import AzureMLException, UserErrorException, translated

if TYPE_CHECKING:
    from ..registry.metrics import Kind

# Offset and first bytes of the image formats; v1 asked the standard library's imghdr, which Python 3.13 lacks.
_IMAGES = (
    (0, b"\x89PNG\r\n\x1a\n"),
    (0, b"\xff\xd8\xff"),
    (0, b"GIF8"),
    (0, b"BM"),
    (0, b"II*\x00"),
    (0, b"MM\x00*"),
    (8, b"WEBP"),
)


class RunLogging:
    """The `log…` calls of a run."""

    _registry: Registry
    _info: RunInfo

    @translated()
    def _log(self, name: str, values: list[Any], kind: Kind, step: int | None = None) -> None:
        self._registry.log(self._info.id, name, values, kind=kind, step=step)

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        """Log one value; logged again under the same name it becomes a list.

        Numbers (also NumPy's) and texts are kept, other types as their `repr`.
        A list, range or generator → UserErrorException: that is `log_list`.
        """
        self._log(name, [single(name, value)], "scalar", step)

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:
        """Log every element of `value` under one name."""
        self._log(name, [loggable(element) for element in value], "list")

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        """Log one row of a table; the keywords are its columns."""
        self._log(name, [{column: loggable(value) for column, value in kwargs.items()}], "row")

    def log_table(self, name: str, value: Mapping[str, Sequence[Any]], description: str = "") -> None:
        """Log a table at once: column → its values."""
        self._log(name, [table(name, value)], "table")

    def log_confusion_matrix(self, name: str, value: str | Mapping[str, Any], description: str = "") -> None:
        self._log(name, [json_object(name, value)], "object")

    def log_accuracy_table(self, name: str, value: str | Mapping[str, Any], description: str = "") -> None:
        self._log(name, [json_object(name, value)], "object")

    def log_residuals(self, name: str, value: str | Mapping[str, Any], description: str = "") -> None:
        self._log(name, [json_object(name, value)], "object")

    def log_predictions(self, name: str, value: str | Mapping[str, Any], description: str = "") -> None:
        self._log(name, [json_object(name, value)], "object")

    def log_image(self, name: str, path: str | None = None, plot: Any = None, description: str = "") -> None:
        """Upload an image file, or a plot (`matplotlib.pyplot` or a figure) as PNG; the metric is the file's key."""
        suffix, content = image(path, plot)
        key = self._free_key(f"{name}_{int(time.time())}", suffix)
        with translated():
            self._registry.upload(self._info.id, key, content)
        self._log(name, [key], "image")

    @translated()
    def _free_key(self, stem: str, suffix: str) -> str:
        """`stem` + `suffix`, numbered when the same second has seen that name already."""
        taken = set(self._registry.artifacts(self._info.id))
        number = next(n for n in range(1, len(taken) + 2) if _numbered(stem, n, suffix) not in taken)
        return _numbered(stem, number, suffix)

    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: str | None = None, populate: bool = False
    ) -> dict[str, Any]:
        """Metrics by name: a value, a list when logged again, for rows and tables a dict of column → value or list.

        `recursive` adds those of the runs below; a name that several runs logged is then a list over all of them.
        """
        with translated():
            found = dict(self._registry.metrics(self._info.id))
            for child in self._registry.runs(self._info.experiment_id, parent_id=self._info.id) if recursive else ():
                below = RunLogging.get_metrics(_Below(self._registry, child), recursive=True)
                found = joined(found, below)
        return found if name is None else {key: value for key, value in found.items() if key == name}


class _Below(RunLogging):
    """A run below another, as far as its metrics go."""

    def __init__(self, registry: Registry, info: RunInfo) -> None:
        self._registry, self._info = registry, info


def joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Two sets of metrics in one; the values of a name in both become one list."""
    both = {key: _list(one[key]) + _list(other[key]) for key in one if key in other}
    return {**one, **other, **both}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _numbered(stem: str, number: int, suffix: str) -> str:
    return f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}"


def single(name: str, value: Any) -> Any:
    """One value for `log`; several at once → UserErrorException."""
    if isinstance(value, (list, range, Generator)):
        raise UserErrorException(
            f"log({name!r}, …) takes one value, and a {type(value).__name__} was given. Use log_list({name!r}, …)."
        )
    return loggable(value)


def loggable(value: Any) -> Any:
    """The value as a run keeps it: Python numbers and texts; anything else as its `repr`."""
    value = python_number(value)
    return value if isinstance(value, (bool, int, float, str)) else repr(value)


def table(name: str, value: Any) -> dict[str, list[Any]]:
    """A table's columns as lists of equal length; another shape → UserErrorException."""
    if not isinstance(value, Mapping):
        raise UserErrorException(f"log_table({name!r}, …) takes a dict of column to list, not {type(value).__name__}.")
    columns = {
        str(column): [loggable(cell) for cell in ([cells] if isinstance(cells, str) else _cells(cells))]
        for column, cells in value.items()
    }
    if len({len(cells) for cells in columns.values()}) > 1:
        sizes = ", ".join(f"{column}: {len(cells)}" for column, cells in columns.items())
        raise UserErrorException(f"The columns of the table {name!r} differ in length ({sizes}).")
    return columns


def _cells(cells: Any) -> Iterable[Any]:
    return cells if isinstance(cells, Iterable) else [cells]


def json_object(name: str, value: Any) -> dict[str, Any]:
    """A dict, or a JSON text of one; anything else → UserErrorException."""
    try:
        found = json.loads(value) if isinstance(value, str) else json.loads(json.dumps(value))
    except (TypeError, ValueError) as error:
        raise UserErrorException(f"{name!r} takes a dict or a JSON text: {error}.") from None
    if not isinstance(found, dict):
        raise UserErrorException(f"{name!r} takes a dict or a JSON text of an object, not {type(found).__name__}.")
    return found


def image(path: str | None, plot: Any) -> tuple[str, bytes]:
    """The suffix and the bytes of an image given as a file or as a plot, exactly one of them."""
    if (path is None) == (plot is None):
        raise AzureMLException("log_image takes exactly one of path and plot.")
    if path is None:
        buffer = io.BytesIO()
        plot.savefig(buffer, format="png")
        return ".png", buffer.getvalue()
    file = Path(path)
    if not file.is_file():
        raise UserErrorException(f"No image file {path!r} in {Path.cwd()}.")
    content = file.read_bytes()
    if not any(content[at : at + len(start)] == start for at, start in _IMAGES):
        raise UserErrorException(f"{path} is not an image: it starts like no PNG, JPEG, GIF, TIFF, BMP or WebP file.")
    return file.suffix, content
