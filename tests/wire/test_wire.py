"""One request table, two servers: the released azmlinfsrv and ours answer alike, apart from named improvements."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from .conftest import AT_ONCE, started
from .improvements import FIXED, SWITCHES
from .rows import Boot, Expected, Group, Row, matches
from .servers import OURS, Seen, Server, fail_to_start
from .table import addresses, bodies, scripts
from .table.boots import BOOTS
from .table.groups import GROUPS
from .table.options import OPTED, OPTIONS

ROWS = (*addresses.ROWS, *bodies.ROWS, *scripts.ROWS)
SECTIONS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)

pytestmark = pytest.mark.xdist_group("wire")


def check(expected: Expected, seen: Seen) -> None:
    assert seen.status == expected.status, seen
    for name, value in expected.headers.items():
        found = seen.headers.get(name)
        assert found == value or (value is not None and found is not None and matches(value, found)), (name, seen)
    assert matches(expected.body, seen.body), (expected.body, seen.body)


def test_the_table_is_whole() -> None:
    count = Counter(entry.section for entry in (*ROWS, *BOOTS))
    assert len(ROWS) >= 120
    assert not [section for section in SECTIONS if count[section] < 5]
    assert len({str(row) for row in ROWS}) == len(ROWS)
    assert {row.improvement for row in ROWS if row.improvement} == SWITCHES.keys() | FIXED


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_both_servers_answer_alike(row: Row, theirs: dict[str, Server], ours: dict[str, Server]) -> None:
    released = theirs[row.group].ask(row)
    check(row.expected, released)
    answer = ours[row.group].ask(row)
    check(row.ours or row.expected, answer)
    if not row.improvement:
        assert answer.comparable(row.own) == released.comparable(row.own)
    for seen in (released, answer):
        assert (seen.chunks, seen.torn) == (row.chunks or seen.chunks, row.torn)
    if row.logged:
        assert theirs[row.group].logs(row.logged)
        assert ours[row.group].logs(row.logged), ours[row.group].log()[-2000:]


@pytest.mark.parametrize("boot", BOOTS, ids=str)
def test_both_servers_fail_alike(boot: Boot, failed: dict[str, Future[list[tuple[int, str]]]]) -> None:
    for code, output in failed[str(boot)].result():
        assert code == boot.code, output
        assert boot.logged in output, output


@pytest.fixture(scope="module")
def failed(
    released: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[list[tuple[int, str]]]]]:
    """What becomes of every start, by its rule: exit code and output of the released server, then of ours."""
    folders = {str(boot): [tmp_path_factory.mktemp("boot") for _ in range(2)] for boot in BOOTS}

    def start(boot: Boot) -> list[tuple[int, str]]:
        commands = ((str(released),), OURS)
        return [fail_to_start(*each, boot) for each in zip(commands, folders[str(boot)], strict=True)]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {str(boot): pool.submit(start, boot) for boot in BOOTS} if released else {}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("improvement", SWITCHES)
def test_an_improvement_switched_back_is_no_difference(
    improvement: str, theirs: dict[str, Server], ours_with: Callable[[Group], Server]
) -> None:
    rows = [row for row in ROWS if row.improvement == improvement]
    group = GROUPS[rows[0].group]
    assert {row.group for row in rows} == {rows[0].group}
    switched = ours_with(replace(group, environment={**group.environment, **SWITCHES[improvement]}))
    for row in rows:
        released = theirs[row.group].ask(row)
        assert switched.ask(row).comparable(row.own) == released.comparable(row.own), row.rule


@pytest.fixture(scope="module")
def opted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    yield from started(OURS, tmp_path_factory.mktemp("opted"), OPTED)


@pytest.mark.parametrize("row", OPTIONS, ids=str)
def test_what_is_off_by_default_can_be_switched_on(row: Row, opted: dict[str, Server]) -> None:
    check(row.expected, opted[row.group].ask(row))


def test_the_root_logger_is_switched_back_to_silence(ours_with: Callable[[Group], Server]) -> None:
    group = GROUPS["results"]
    for switch, heard in (("true", True), ("false", False)):
        server = ours_with(replace(group, environment={"MLDEPLOY_LOG_ROOT": switch}))
        server.ask(Row(11, "", "", "POST", "/score", 200, sent="print"))
        assert server.logs("said by print")
        assert ("told by logging" in server.log()) is heard
        server.stop()


def test_of_requests_that_wait_too_long_or_are_too_many_the_rest_is_refused(
    ours_with: Callable[[Group], Server],
) -> None:
    limits = {"MLDEPLOY_MAX_CONCURRENT": "2", "MLDEPLOY_MAX_WAIT_MS": "100", "SCORING_TIMEOUT_MS": "1500"}
    server = ours_with(Group("results.py", environment={**limits, "MLDEPLOY_TIMEOUT_504": "true"}))
    row = Row(7, "", "", "POST", "/score", 200, sent="sleep")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: server.ask(row), range(4)))
    assert Counter(answer.status for answer in answers) == {504: 1, 503: 3}
    assert all(answer.headers.get("retry-after") for answer in answers if answer.status == 503)


def test_a_gzip_bomb_is_413_and_a_torn_one_400(ours_with: Callable[[Group], Server]) -> None:
    server = ours_with(Group("plain.py", environment={"MLDEPLOY_BODY_LIMIT": "100000"}))
    bomb = gzip.compress(b"0" * 10_000_000)
    packed = gzip.compress(b"1" * 100_000)
    for body, status in ((bomb, 413), (packed[:-4], 400), (packed, 200), (b"no gzip", 400)):
        answer = server.ask(Row(3, "", "", "POST", "/score", 200, sent=body, send={"Content-Encoding": "gzip"}))
        assert answer.status == status, answer
