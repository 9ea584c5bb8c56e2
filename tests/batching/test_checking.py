"""What counts as the same answer: nothing but the last digits of floating-point numbers may differ."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mldeploy.server.working.checking import same

SCALE = [
    0.027259737253189087,
    1.0871204137802124,
]  # a network in single precision: the small one is a difference of large


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SCALE, [0.02725958824157715, 1.087120532989502]),
        ([[0.1, 0.2]], [[0.1000001, 0.2]]),
        ({"label": "a", "p": 0.5}, {"label": "a", "p": 0.5000001}),
        ([float("nan"), float("inf")], [float("nan"), float("inf")]),
        (3, 3),
    ],
)
def test_another_order_of_summing_makes_no_difference(one: Any, other: Any) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([0.5, 0.25], [0.5, 0.2501]),
        (0.0272597, 0.0272590),  # alone there is nothing large beside it
        ({"seconds": 1.7e9, "p": 0.5}, {"seconds": 1.7e9, "p": 0.51}),
        ([1.7e9, 0.5], [1.7e9, 0.51]),  # a large number beside it does not cover a real difference
        (3, 4),
        (1, 1.0),
        (True, 1),
        ("a", "b"),
        ([1.0], [1.0, 2.0]),
        ({"a": 1.0}, {"b": 1.0}),
        ([float("inf"), 1.0], [float("inf"), 2.0]),
        (float("inf"), 1.0),
    ],
)
def test_anything_else_does(one: Any, other: Any) -> None:
    assert not same(one, other)
