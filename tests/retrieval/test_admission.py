"""A bounded number of answers runs, a bounded number waits, in turns, and no place is lost."""

import asyncio

import pytest

from data.errors import Overloaded
from data.settings import AnswerSettings
from retrieval.admission import Admission


class Noted:
    """What the metrics would be told."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self.refusals = 0

    def note_waiting(self, waiting: int) -> None:
        self.lengths.append(waiting)

    def note_refusal(self) -> None:
        self.refusals += 1


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


async def test_keys_take_turns_in_the_line() -> None:
    admission = Admission(AnswerSettings(max_running=1, max_waiting=10))
    running = await admission.enter("many")
    many = [await admission.enter("many") for _ in range(9)]
    single = await admission.enter("one")

    running.release()
    many[0].release()

    assert single.admitted


async def test_a_full_line_takes_one_of_another_key_in_the_place_of_the_newest() -> None:
    admission = Admission(AnswerSettings(max_running=1, max_waiting=3))
    many = [await admission.enter("many") for _ in range(4)]
    turn = asyncio.create_task(many[3].turn())
    await asyncio.sleep(0)

    single = await admission.enter("one")

    with pytest.raises(Overloaded):
        await turn
    for ticket in many:
        ticket.release()
    assert single.admitted
    assert (admission.running, admission.waiting) == (1, 0)


async def test_one_that_was_turned_out_hears_it_at_its_turn() -> None:
    admission = Admission(AnswerSettings(max_running=1, max_waiting=2))
    tickets = [await admission.enter("many") for _ in range(3)]
    await admission.enter("one")

    with pytest.raises(Overloaded):
        await tickets[2].turn()
    tickets[2].release()

    assert (admission.running, admission.waiting) == (1, 2)


async def test_a_key_with_as_many_as_the_largest_is_refused() -> None:
    admission = Admission(AnswerSettings(max_running=1, max_waiting=4))
    for key in ("a", "a", "a", "b", "b"):
        await admission.enter(key)

    for key in ("a", "b", "a", "b"):
        with pytest.raises(Overloaded):
            await admission.enter(key)


async def test_a_lone_key_has_all_of_the_line() -> None:
    admission = Admission(AnswerSettings(max_running=3, max_waiting=5))

    for _ in range(8):
        await admission.enter("lone")

    assert (admission.running, admission.waiting) == (3, 5)


async def test_a_refusal_says_when_to_come_again(admission: Admission) -> None:
    for _ in range(4):
        await admission.enter("k")

    with pytest.raises(Overloaded) as refusal:
        await admission.enter("k")

    assert 1 <= refusal.value.retry_after_seconds <= 30


async def test_a_place_is_held_for_a_block(admission: Admission) -> None:
    async with admission.place("k"):
        assert admission.running == 1

    assert admission.running == 0


async def test_who_is_cancelled_in_the_line_leaves_it(admission: Admission) -> None:
    async def hold() -> None:
        async with admission.place("k"):
            await asyncio.sleep(60)

    holding = [asyncio.create_task(hold()) for _ in range(4)]
    await asyncio.sleep(0)
    assert (admission.running, admission.waiting) == (2, 2)

    for task in holding:
        task.cancel()
    await asyncio.wait(holding)

    assert (admission.running, admission.waiting) == (0, 0)


async def test_its_numbers_are_told() -> None:
    notes = Noted()
    admission = Admission(AnswerSettings(max_running=1, max_waiting=2), notes=notes)

    tickets = [await admission.enter("k") for _ in range(3)]
    with pytest.raises(Overloaded):
        await admission.enter("k")
    for ticket in tickets:
        ticket.release()

    assert notes.lengths == [1, 2, 1, 0]
    assert notes.refusals == 1
