"""How a worker's children learn that it stops."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from workers.stopping import Stopping


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """What arrives at whoever handled SIGTERM before."""
    heard: list[int] = []

    def note(number: int, _frame: Any) -> None:
        heard.append(number)

    before = signal.signal(signal.SIGTERM, note)
    yield heard
    signal.signal(signal.SIGTERM, before)


def test_a_child_that_was_forked_before_sees_it() -> None:
    stopping = Stopping()
    stopping.share()
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        os.read(reader, 1)
        os._exit(0 if stopping.is_asked else 1)

    stopping.ask_all()
    os.write(writer, b".")

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(reader)
    os.close(writer)


def test_it_is_not_asked_until_somebody_asks() -> None:
    stopping = Stopping()
    stopping.share()

    assert (stopping.is_asked, stopping.seconds) == (False, 0)
    stopping.ask_all()
    assert stopping.is_asked


def test_it_counts_from_the_first_time() -> None:
    stopping = Stopping()
    stopping.share()
    stopping.ask_all()
    before = stopping.seconds

    stopping.ask_all()

    assert stopping.seconds > before


def test_a_signal_for_one_child_waits_for_the_end_of_its_slice(heard: list[int]) -> None:
    stopping = Stopping()
    stopping.share()

    with stopping.heeding_sigterm():
        signal.raise_signal(signal.SIGTERM)
        assert stopping.is_asked
        assert heard == []

    assert heard == [signal.SIGTERM]


def test_a_slice_without_a_signal_ends_without_one(heard: list[int]) -> None:
    stopping = Stopping()

    with stopping.heeding_sigterm():
        pass

    assert heard == []
    assert not stopping.is_asked


def test_a_child_whose_parent_stops_too_leaves_its_end_to_that(heard: list[int]) -> None:
    stopping = Stopping()
    stopping.share()

    with stopping.heeding_sigterm():
        signal.raise_signal(signal.SIGTERM)
        stopping.ask_all()

    assert heard == []
