"""`from mldeploy import batch`: an entry script says that its `run` may get several requests' rows at once."""

from typing import Any, Callable, Optional


def batch(run: Optional[Callable[..., Any]] = None, *, max_size: int = 0) -> Any:
    """Mark `run`, as `@batch` or `@batch(max_size=64)`: at most so many requests in one call; 0 as the service says.

    `run` itself stays as it is: it gets `{"data": rows}` and returns a list with one item a row.
    """
    if isinstance(max_size, bool) or not isinstance(max_size, int) or max_size < 0:
        raise ValueError(f"max_size is {max_size!r}; it is a number of requests, 0 for as many as the service allows.")

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__mldeploy_batch__ = max_size  # type: ignore[attr-defined]
        return function

    return mark if run is None else mark(run)
