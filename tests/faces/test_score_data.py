import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_mldeploy.notebook.magics.arguments import MagicError
from jupyter_mldeploy.notebook.magics.context import Names
from jupyter_mldeploy.notebook.magics.score import data_of, decoded

ROWS = [[1, 2], [3, 4]]
NAMES = Names({"rows": ROWS, "text": '{"data": [[1]]}', "name": "data"}, {})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('{"data": [[1, 2]]}', '{"data": [[1, 2]]}'),
        ("[1,   2]", "[1,   2]"),
        ("true", "true"),
        ("$rows", ROWS),
        ("rows", ROWS),
        ("{rows}", ROWS),
        ("rows[0]", [1, 2]),
        ("$rows[0]", [1, 2]),
        ("{rows[0]}", [1, 2]),
        ('{"data": rows}', {"data": ROWS}),
        ('{"data": $rows}', {"data": ROWS}),
        ("{name: rows[:1]}", {"data": [[1, 2]]}),
        ("$text", '{"data": [[1]]}'),
        ("'{\"data\": [[1]]}'", '{"data": [[1]]}'),
        ("[sum(row) for row in rows]", [3, 7]),
        ("'costs 5 $US'", "costs 5 $US"),
        ("dict(data=rows)", {"data": ROWS}),
    ],
)
def test_data_may_be_json_a_variable_or_an_expression(written: str, expected: Any) -> None:
    assert data_of(written, NAMES) == expected


@pytest.mark.parametrize(("written", "said"), [("nothing", "NameError"), ("[1, 2", "SyntaxError"), ("1/0", "ZeroDiv")])
def test_what_cannot_be_evaluated_is_our_own_error(written: str, said: str) -> None:
    with pytest.raises(MagicError, match=said):
        data_of(written, NAMES)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(json.dumps([1, 2]), [1, 2]), ("benign", "benign"), ([1], [1]), ({"a": 1}, {"a": 1}), (None, None), ("", "")],
)
def test_an_answer_is_decoded_once_more_where_its_text_is_json(answer: Any, expected: Any) -> None:
    assert decoded(answer) == expected


@pytest.mark.parametrize("rows", [np.array([[1, 2]]), pd.DataFrame({"a": [1], "b": [2]}), [[np.int64(1), 2]]])
def test_arrays_and_frames_travel_as_lists(rows: Any) -> None:
    from jupyter_mldeploy.notebook.magics.score import _plain

    assert json.loads(json.dumps({"data": rows}, default=_plain)) == {"data": [[1, 2]]}


def test_a_comprehension_sees_local_names() -> None:
    assert data_of("[factor * n for n in range(3)]", Names({}, {"factor": 2})) == [0, 2, 4]


def test_local_names_come_before_those_of_the_notebook() -> None:
    assert data_of("$rows", Names({"rows": 1}, {"rows": 2})) == 2
