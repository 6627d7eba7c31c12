"""Parser processes that wait are ready, given once, and never left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.child import ENVIRONMENT
from ingestion.spares import Spares
from tests.processes import is_gone


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


def test_those_that_wait_die_with_a_parent_that_is_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHANS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    assert parent.stdout is not None
    waiting = [int(pid) for pid in parent.stdout.readline().split()]

    parent.send_signal(signal.SIGKILL)
    parent.communicate()

    assert len(waiting) == 2
    assert all(map(is_gone, waiting))


def test_those_that_can_not_be_started_are_done_without() -> None:
    none = Spares(1 << 20, 2, ("/nowhere/python",))

    none.refill()

    assert none._waiting == []


ORPHANS = """
from ingestion.spares import Spares
spares = Spares(1 << 20, count=2)
spares.refill()
print(*(child.pid for child in spares._waiting), flush=True)
input()
"""
