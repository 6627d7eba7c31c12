"""When a slice ends."""

import pytest

from data.errors import ClaimLost, ShuttingDown
from workers.slices import RunningSlice
from workers.stopping import Stopping


@pytest.fixture
def stopping() -> Stopping:
    stopping = Stopping()
    stopping.share()
    return stopping


def test_it_goes_on_while_nothing_ends_it(stopping: Stopping) -> None:
    bounds = RunningSlice(600, stopping)

    bounds.check()

    assert not bounds.is_over()


def test_it_is_over_when_its_time_is_but_not_before_its_first_step(stopping: Stopping) -> None:
    bounds = RunningSlice(0, stopping)

    bounds.check()

    assert [bounds.is_over(), bounds.is_over()] == [False, True]


def test_it_is_over_when_the_worker_stops_and_what_is_done_may_be_kept(stopping: Stopping) -> None:
    bounds = RunningSlice(600, stopping)

    stopping.ask_all()

    bounds.check()
    assert bounds.is_over()


def test_it_is_given_up_where_it_waits_when_the_worker_has_been_stopping_for_too_long(
    stopping: Stopping,
) -> None:
    bounds = RunningSlice(600, stopping, grace_seconds=0)
    bounds.check()

    stopping.ask_all()

    with pytest.raises(ShuttingDown):
        bounds.check()


def test_it_may_keep_a_page_that_took_too_long_but_not_go_on(stopping: Stopping) -> None:
    bounds = RunningSlice(600, stopping, grace_seconds=0)

    stopping.ask_all()

    assert bounds.is_over()
    with pytest.raises(ShuttingDown):
        bounds.is_over()


def test_it_is_given_up_when_its_claim_is_lost(stopping: Stopping) -> None:
    bounds = RunningSlice(600, stopping)

    bounds.lose()

    with pytest.raises(ClaimLost):
        bounds.check()
    with pytest.raises(ClaimLost):
        bounds.is_over()


def test_it_counts_how_often_it_got_on(stopping: Stopping) -> None:
    bounds = RunningSlice(600, stopping)

    bounds.is_over()
    bounds.check()
    bounds.is_over()

    assert bounds.steps == 2
