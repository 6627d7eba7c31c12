"""A bounded number of answers runs, a bounded number waits, and nobody loses a place."""

import asyncio

import pytest

from data.errors import Overloaded
from data.settings import AnswerSettings
from retrieval.admission import Admission


@pytest.fixture
def admission() -> Admission:
    return Admission(AnswerSettings(max_running=2, max_waiting=2))


async def test_places_first_then_the_line_then_a_refusal(admission: Admission) -> None:
    tickets = [await admission.enter("k") for _ in range(4)]

    with pytest.raises(Overloaded):
        await admission.enter("k")

    assert [ticket.admitted for ticket in tickets] == [True, True, False, False]
    assert (admission.running, admission.waiting) == (2, 2)


async def test_first_come_first_served(admission: Admission) -> None:
    first, _, third, fourth = [await admission.enter("k") for _ in range(4)]
    turns = [asyncio.create_task(ticket.turn()) for ticket in (third, fourth)]

    first.release()
    await asyncio.wait(turns, return_when=asyncio.FIRST_COMPLETED)

    assert [turn.done() for turn in turns] == [True, False]
    third.release()
    await turns[1]


async def test_who_leaves_the_line_is_passed_over(admission: Admission) -> None:
    first, _, third, fourth = [await admission.enter("k") for _ in range(4)]

    third.release()
    first.release()

    assert fourth.admitted
    assert not third.admitted
    assert (admission.running, admission.waiting) == (2, 0)


async def test_a_place_is_given_back_once(admission: Admission) -> None:
    tickets = [await admission.enter("k") for _ in range(4)]

    for ticket in tickets * 2:
        ticket.release()

    assert (admission.running, admission.waiting) == (0, 0)


async def test_a_place_whose_owner_was_cancelled_while_getting_it_is_not_lost(
    admission: Admission,
) -> None:
    first, second, third = [await admission.enter("k") for _ in range(3)]
    turn = asyncio.create_task(third.turn())
    await asyncio.sleep(0)

    first.release()
    turn.cancel()
    await asyncio.wait({turn})
    third.release()
    second.release()

    assert (admission.running, admission.waiting) == (0, 0)
