"""Headers, query and form fields as scripts written for Flask use them: several values for a name, `getlist`."""

from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

Pairs = Iterable[Tuple[str, Any]]


class MultiDict(Dict[str, Any]):
    """A dict of the first values; `getlist` has them all."""

    def __init__(self, pairs: Pairs = ()) -> None:
        self._lists: Dict[str, List[Any]] = {}
        for name, value in pairs:
            self._lists.setdefault(name, []).append(value)
        super().__init__((name, values[0]) for name, values in self._lists.items())

    def get(self, key: str, default: Any = None, type: Optional[Callable[[Any], Any]] = None) -> Any:
        """The first value, converted by `type`; `default` when there is none or it cannot be converted."""
        return _converted(self[key], default, type) if key in self else default

    def getlist(self, key: str) -> List[Any]:
        """All values of a name."""
        return list(self._lists.get(key, ()))

    def to_dict(self, flat: bool = True) -> Dict[str, Any]:
        """A plain dict: of first values, or with `flat=False` of lists."""
        return dict(self) if flat else {name: list(values) for name, values in self._lists.items()}


class Headers:
    """HTTP headers: ordered, names without regard to case, repeated ones kept. Iterating yields (name, value)."""

    def __init__(self, pairs: Any = ()) -> None:
        self._pairs: List[Tuple[str, str]] = []
        for name, value in pairs.items() if hasattr(pairs, "items") else pairs:
            self.add(name, value)

    def add(self, name: str, value: Any) -> None:
        """Append a header, keeping those of the same name."""
        if any(sign in f"{name}{value}" for sign in "\r\n"):
            raise ValueError(f"The header {name!r} holds a line break: {value!r}.")
        self._pairs.append((name, str(value)))

    add_header = add

    def set(self, name: str, value: Any) -> None:
        """Replace all headers of this name."""
        self.remove(name)
        self.add(name, value)

    __setitem__ = set

    def remove(self, name: str) -> None:
        """Drop all headers of this name."""
        self._pairs = [pair for pair in self._pairs if pair[0].lower() != name.lower()]

    __delitem__ = remove

    def getlist(self, name: str) -> List[str]:
        """All values of a name."""
        return [value for key, value in self._pairs if key.lower() == name.lower()]

    def get(self, name: str, default: Any = None, type: Optional[Callable[[Any], Any]] = None) -> Any:
        """The first value, converted by `type`; `default` when there is none or it cannot be converted."""
        values = self.getlist(name)
        return _converted(values[0], default, type) if values else default

    def __getitem__(self, name: str) -> str:
        values = self.getlist(name)
        if not values:
            raise KeyError(name)
        return values[0]

    def __contains__(self, name: object) -> bool:
        return bool(self.getlist(str(name)))

    def __iter__(self) -> Iterator[Tuple[str, str]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def keys(self) -> Iterator[str]:
        return (name for name, _ in self._pairs)

    def values(self) -> Iterator[str]:
        return (value for _, value in self._pairs)

    def items(self) -> Iterator[Tuple[str, str]]:
        return iter(self._pairs)

    def __repr__(self) -> str:
        return f"Headers({self._pairs!r})"


def _converted(value: Any, default: Any, convert: Optional[Callable[[Any], Any]]) -> Any:
    try:
        return value if convert is None else convert(value)
    except (TypeError, ValueError):
        return default
