"""Expressions over the columns of a tabular dataset, as `filter` takes them."""

from __future__ import annotations

from typing import Any

from ..exceptions import UserErrorException


class RecordExpression:
    """Compares columns with values and with each other; `&`, `|` and `~` combine."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content

    def __repr__(self) -> str:
        return f"RecordExpression({self._content})"

    def __bool__(self) -> bool:
        raise UserErrorException("Combine conditions with & and | (in parentheses), not with `and` and `or`.")

    def __lt__(self, other: Any) -> RecordExpression:
        return self._with("lt", other)

    def __le__(self, other: Any) -> RecordExpression:
        return self._with("le", other)

    def __gt__(self, other: Any) -> RecordExpression:
        return self._with("gt", other)

    def __ge__(self, other: Any) -> RecordExpression:
        return self._with("ge", other)

    def __eq__(self, other: Any) -> RecordExpression:  # type: ignore[override]
        return self._with("eq", other)

    def __ne__(self, other: Any) -> RecordExpression:  # type: ignore[override]
        return self._with("ne", other)

    def __and__(self, other: Any) -> RecordExpression:
        return self._with("and", other)

    def __or__(self, other: Any) -> RecordExpression:
        return self._with("or", other)

    def __invert__(self) -> RecordExpression:
        return RecordExpression({"not": self._content})

    def _with(self, name: str, other: Any) -> RecordExpression:
        return RecordExpression({"op": name, "of": [self._content, _plain(other)]})


def _plain(value: Any) -> Any:
    if isinstance(value, RecordExpression):
        return value._content
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value
