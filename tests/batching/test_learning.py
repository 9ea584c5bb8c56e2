"""The learner, against a server of a few lines whose time is simulated: clients that send again when answered."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from jupyter_mldeploy.server.front.learning import Learner, nearest_power, sizes_for

Cost = Callable[[int], float]
FLAT: Cost = lambda n: 0.0003 + 0.000002 * n  # noqa: E731 scikit-learn: joining pays
STEEP: Cost = lambda n: 0.0003 if n == 1 else 0.0019 + 0.00008 * n  # noqa: E731 the network of performance.md
SUPER: Cost = lambda n: 0.0002 + 0.0001 * n * n  # noqa: E731 each row makes the others slower
HUMP: Cost = lambda n: 0.002 + 0.00001 * n * n  # noqa: E731 sixteen together are best


def serve(
    learner: Learner,
    cost: Cost,
    clients: int,
    seconds: float,
    noise: float = 0.0,
    start: float = 0.0,
    preempted: float = 0.0,
) -> int:
    """Requests that one worker completes; each client's next one comes a moment after its answer."""
    chance = random.Random(1)
    now, waiting, completed = start, clients, 0
    while now < start + seconds:
        learner.note(waiting, True, now)
        taken = min(waiting, learner.size)
        now += (cost(taken) + 0.00002) * (1 + noise * chance.random())
        if chance.random() < preempted:
            now += 0.01
        learner.done(taken, now)
        completed += taken
    return completed


@pytest.mark.parametrize("clients", [1, 2, 4, 8, 64])
@pytest.mark.parametrize("cost", [STEEP, SUPER], ids=["steep", "super"])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_where_joining_does_not_pay_it_costs_little(cost: Cost, clients: int, noise: float) -> None:
    learner = Learner(256)
    serve(learner, cost, clients, 3.0, noise)
    joining = serve(learner, cost, clients, 20.0, noise, start=3.0)
    single = 20.0 / ((cost(1) + 0.00002) * (1 + noise / 2))
    assert joining > 0.95 * single


@pytest.mark.parametrize("clients", [2, 8, 64, 200])
def test_where_joining_pays_it_is_found_and_kept(clients: int) -> None:
    learner = Learner(256)
    serve(learner, FLAT, clients, 2.0)
    completed = serve(learner, FLAT, clients, 20.0, start=2.0)
    assert completed > 0.93 * 20.0 * clients / (FLAT(clients) + 0.00002)


def test_it_is_found_within_a_fraction_of_a_second() -> None:
    learner = Learner(256)
    serve(learner, FLAT, 64, 0.4)
    assert learner.best() == 256 and learner.gain() > 3


def test_a_size_between_is_found_where_larger_ones_are_slower() -> None:
    learner = Learner(256)
    serve(learner, HUMP, 64, 30.0)
    assert learner.best() == 16


@pytest.mark.parametrize("clients", [8, 64])
def test_on_a_busy_machine_it_still_finds_what_pays(clients: int) -> None:
    learner, busy = Learner(256), 0.05  # one run in twenty waits 10 ms for a core
    serve(learner, FLAT, clients, 3.0, preempted=busy)
    completed = serve(learner, FLAT, clients, 20.0, start=3.0, preempted=busy)
    assert completed > 0.85 * 20.0 * clients / (FLAT(clients) + 0.00002 + 0.01 * busy)


def test_on_a_busy_machine_it_still_leaves_what_does_not_pay() -> None:
    learner, busy = Learner(256), 0.05
    completed = serve(learner, STEEP, 4, 30.0, preempted=busy)
    assert completed > 0.92 * 30.0 / (STEEP(1) + 0.00002 + 0.01 * busy)


def test_each_load_is_learnt_by_itself() -> None:
    learner = Learner(256)
    serve(learner, STEEP, 64, 3.0)
    serve(learner, STEEP, 4, 3.0, start=3.0)
    assert {load: known.best for load, known in learner.known.items()} == {64: 256, 4: 1}
    assert serve(learner, STEEP, 64, 1.0, start=6.0) > 1.5 / STEEP(1)


def test_what_changes_is_learnt_anew() -> None:
    learner = Learner(256)
    serve(learner, STEEP, 8, 5.0)
    assert learner.best() == 1
    serve(learner, FLAT, 8, 60.0, start=5.0)
    assert learner.best() == 256


def test_a_little_faster_is_not_worth_joining_and_changes_back_at_once() -> None:
    """Joined runs take longer; and what was nearly even a second ago may be twice as slow now."""
    learner = Learner(256)
    serve(learner, lambda n: 0.001 * n**0.97, 8, 5.0)  # 6 % more requests a second
    assert learner.best() == 1
    serve(learner, lambda n: 0.001 * n**0.9, 8, 5.0, start=5.0)  # 23 % more
    assert learner.best() == 256
    serve(learner, lambda n: 0.0005 * n**1.3, 8, 2.0, start=10.0)
    assert learner.best() == 1


def test_a_limit_holds_for_good() -> None:
    learner = Learner(256)
    serve(learner, FLAT, 64, 2.0)
    learner.limit(8)
    serve(learner, FLAT, 64, 5.0, start=2.0)
    assert 1 < learner.size <= 8


def test_one_request_at_a_time_is_never_held_against_anything() -> None:
    learner = Learner(256)
    serve(learner, FLAT, 1, 5.0)
    assert learner.size == 1 and learner.trial is None


def test_sizes_are_few() -> None:
    assert (sizes_for(1, 256), sizes_for(8, 256), sizes_for(64, 256)) == ((1,), (1, 256, 2), (1, 256, 32, 16, 4))
    assert sizes_for(64, 8) == (1, 8, 4)
    assert [nearest_power(load) for load in (0, 1, 2, 3, 5, 6, 10, 11, 63, 64, 85)] == [
        1,
        1,
        2,
        4,
        4,
        8,
        8,
        16,
        64,
        64,
        64,
    ]
