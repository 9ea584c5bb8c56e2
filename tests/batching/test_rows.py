"""Bodies are recognised, joined and cut as `json.loads` would read them: never a wrong cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mldeploy.server.working.rows import cut, joined, rows, split

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(['[1,{"', "]}", "\\", '"'])
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))
SPACE = st.text(alphabet=" \t\r\n", max_size=2)
INDENTS = st.sampled_from([None, 0, 3])


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, list[Any]]:
    """A body that fits, written in any of JSON's ways, and its rows."""
    content = draw(st.lists(VALUES, min_size=1, max_size=4))
    text = json.dumps(content, indent=draw(INDENTS), ensure_ascii=draw(st.booleans()))
    s = [draw(SPACE) for _ in range(5)]
    whole = f'{s[0]}{{{s[1]}"data"{s[2]}:{s[3]}{text}{s[4]}}}{s[0]}'
    return whole.encode("utf-8", "replace").decode(), json.loads(text.encode("utf-8", "replace"))


def alike(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)  # NaN too


@given(st.lists(bodies(), min_size=1, max_size=5))
def test_joined_rows_are_the_rows_in_their_order(made: list[tuple[str, list[Any]]]) -> None:
    found = [rows(text.encode()) for text, _ in made]
    assert [one and one.number for one in found] == [len(content) for _, content in made]
    whole = json.loads(joined(one.text for one in found if one))
    assert alike(whole, {"data": [row for _, content in made for row in content]})


@given(bodies())
def test_split_rows_are_the_rows(made: tuple[str, list[Any]]) -> None:
    found = rows(made[0].encode())
    assert found and alike([json.loads(text) for text in split(found.text)], made[1])


@given(st.binary(max_size=40) | st.text(alphabet='{"data":[1, ]}x\\', max_size=30).map(str.encode))
def test_what_is_taken_is_json_of_that_shape(body: bytes) -> None:
    found = rows(body)
    if found:
        content = json.loads(body)
        assert list(content) == ["data"] and len(content["data"]) == found.number > 0


@given(bodies(), st.integers(0, 200), st.sampled_from(list('{}[],:"\\x0 \n')))
def test_a_body_with_one_character_changed_is_taken_only_if_it_is_still_valid(
    made: tuple[str, list[Any]], place: int, mark: str
) -> None:
    text = made[0][:place] + mark + made[0][place + 1 :]
    found = rows(text.encode())
    if found:
        assert alike(json.loads(joined([found.text])), json.loads(text))
        assert len(json.loads(text)["data"]) == found.number


ALONE = [
    b"",
    b"[]",
    b'{"data": []}',
    b'{"data": {}}',
    b'{"data": [1], "data": [2]}',
    b'{"data": [1], "method": "predict"}',
    b'{"method": "predict", "data": [1]}',
    b'{"data": [1]} {"data": [2]}',
    b'{"data": [1]}]',
    b'{"data": [1,]}',
    b'{"data": [1',
    b'{"d\\u0061ta": [1]}',
    b"{'data': [1]}",
    b'\xef\xbb\xbf{"data": [1]}',
    b'{"data": ["\xff"]}',
    b'{"data": ["a\nb"]}',
    b'\xc2\xa0{"data": [1]}',
    '{"data": [1]}'.encode("utf-16"),
    b'{"data": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
]


@pytest.mark.parametrize("body", ALONE, ids=lambda body: repr(body[:30]))
def test_other_bodies_go_alone(body: bytes) -> None:
    assert rows(body) is None


@pytest.mark.parametrize("row", [b"NaN", b"-Infinity", b"1" * 3000, b"1e999", b'"]}, {"', b'"\\ud800"', b"[[[]]]"])
def test_odd_values_stay_the_text_that_was_sent(row: bytes) -> None:
    found = rows(b'{"data":[' + row + b"]}")
    assert found and found.number == 1
    assert joined([found.text, found.text]) == b'{"data":[' + row + b"," + row + b"]}"


@given(st.lists(VALUES, min_size=1, max_size=8), st.data(), st.booleans())
def test_each_request_gets_the_items_of_its_rows(items: list[Any], data: st.DataObject, as_tuple: bool) -> None:
    counts = data.draw(counts_of(len(items)))
    found = cut(tuple(items) if as_tuple else items, counts)
    assert found is not None and [len(part) for part in found] == counts
    assert alike([item for part in found for item in part], items)


@given(st.lists(VALUES, min_size=1, max_size=8), st.data(), INDENTS, st.booleans())
def test_a_text_is_cut_into_the_texts_that_single_runs_would_make(
    items: list[Any], data: st.DataObject, indent: int | None, ascii_only: bool
) -> None:
    counts = data.draw(counts_of(len(items)))
    write = json.JSONEncoder(indent=indent, ensure_ascii=ascii_only).encode
    found = cut(write(items), counts)
    starts = [sum(counts[:n]) for n in range(len(counts))]
    assert found == [write(items[start : start + count]) for start, count in zip(starts, counts, strict=True)]


@pytest.mark.parametrize(
    "value", [None, 1, "", "x", "[]", "[1", "[1]x", "{}", '"[1, 2]"', [1], [1, 2, 3], {1: 2}, b"[1,2]"]
)
def test_what_is_not_one_item_a_row_is_not_cut(value: Any) -> None:
    assert cut(value, [1, 1]) is None


def counts_of(total: int) -> st.SearchStrategy[list[int]]:
    cuts = st.lists(st.integers(1, total - 1), unique=True).map(sorted) if total > 1 else st.just([])
    return cuts.map(lambda inner: [b - a for a, b in zip([0, *inner], [*inner, total], strict=True)])
