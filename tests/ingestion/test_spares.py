"""Parser processes that wait are ready, given once, and never left behind."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.spares import Spares


@pytest.fixture
def spares() -> Iterator[Spares]:
    waiting = Spares(1 << 20, count=2)
    yield waiting
    waiting.close()


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_a_process_that_waits_is_given_once(spares: Spares) -> None:
    spares.refill()

    taken = [spares.take() for _ in range(3)]

    assert len({child.pid for child in taken}) == 3
    assert all(child.is_alive for child in taken)
    for child in taken:
        child.end()


def test_the_dead_are_passed_over() -> None:
    dead = Spares(1 << 20, 2, ("/bin/true",))
    dead.refill()
    for pid in [child.pid for child in dead._waiting]:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    fresh = dead.take()

    assert dead._waiting == []
    fresh.end()


def test_closing_ends_all_that_wait(spares: Spares) -> None:
    spares.refill()
    child = spares.take()
    spares.refill()
    others = [waiting.pid for waiting in spares._waiting]

    spares.close()

    assert [is_running(pid) for pid in others] == [False, False]
    assert child.is_alive
    child.end()
