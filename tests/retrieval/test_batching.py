"""Items of many callers, answered together; nobody waits for ever."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import pytest

from data.errors import ModelUnavailable, Overloaded, ShuttingDown
from data.settings import BatchingSettings
from retrieval.batching import Batched, MicroBatcher


class Work:
    """Says items backwards, keeps the batches it was given, and works when it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.asked = asyncio.Event()
        self.may_work = asyncio.Event()
        self.failure: Exception | None = None
        self.forgets = 0

    async def answer_all(self, items: Sequence[str]) -> list[str]:
        self.batches.append(list(items))
        self.asked.set()
        await self.may_work.wait()
        if self.failure:
            failure, self.failure = self.failure, None
            raise failure
        return [item[::-1] for item in items][self.forgets :]


@pytest.fixture
async def work() -> Work:
    return Work()


@pytest.fixture
async def batcher(work: Work) -> AsyncIterator[MicroBatcher[str, str]]:
    settings = BatchingSettings(max_batch=3, max_waiting=6)
    async with aclosing(MicroBatcher[str, str](settings, work.answer_all, "test")) as batcher:
        yield batcher


Caller = asyncio.Task[list[Batched[str]]]


async def ask(batcher: MicroBatcher[str, str], *items: str) -> list[Caller]:
    """Return callers that stand in the line, in this order."""
    callers = [asyncio.create_task(batcher.ask(item)) for item in items]
    await asyncio.sleep(0)
    return callers


async def ask_the_idle(batcher: MicroBatcher[str, str], work: Work, item: str) -> Caller:
    """Return a caller whose item is being answered."""
    [caller] = await ask(batcher, item)
    await work.asked.wait()
    return caller


def said(answers: list[list[Batched[str]]]) -> list[str]:
    return [one.answer for answer in answers for one in answer]


async def test_takes_a_lone_item_at_once(batcher: MicroBatcher[str, str], work: Work) -> None:
    work.may_work.set()

    assert await batcher.ask("alone") == [Batched("enola", 1)]
    assert work.batches == [["alone"]]


async def test_gathers_what_waits(batcher: MicroBatcher[str, str], work: Work) -> None:
    first = await ask_the_idle(batcher, work, "first")
    others = await ask(batcher, "ab", "cd", "ef", "gh")
    work.may_work.set()

    answers = await asyncio.gather(first, *others)

    assert work.batches == [["first"], ["ab", "cd", "ef"], ["gh"]]
    assert said(answers) == ["tsrif", "ba", "dc", "fe", "hg"]
    assert [answer[0].size for answer in answers] == [1, 3, 3, 3, 1]


async def test_answers_equal_items_once(batcher: MicroBatcher[str, str], work: Work) -> None:
    first = await ask_the_idle(batcher, work, "first")
    others = await ask(batcher, "same", "same", "other", "same")
    work.may_work.set()

    answers = await asyncio.gather(first, *others)

    assert work.batches == [["first"], ["same", "other"]]
    assert said(answers) == ["tsrif", "emas", "emas", "rehto", "emas"]


async def test_who_asks_for_what_is_in_work_waits_for_that(
    batcher: MicroBatcher[str, str], work: Work
) -> None:
    first = await ask_the_idle(batcher, work, "same")
    others = await ask(batcher, "same", "other")
    first.cancel()
    await asyncio.wait([first])
    work.may_work.set()

    answers = await asyncio.gather(*others)

    assert work.batches == [["same"], ["other"]]
    assert said(answers) == ["emas", "rehto"]


async def test_spreads_many_items_of_one_caller_over_batches_in_their_order(
    batcher: MicroBatcher[str, str], work: Work
) -> None:
    work.may_work.set()
    items = ["ea", "ab", "cd", "ba", "dc", "ab", "fg"]

    answers = await batcher.ask(*items)

    assert said([answers]) == [item[::-1] for item in items]
    assert [len(batch) for batch in work.batches] == [3, 3, 1]


async def test_asks_nothing_for_nothing(batcher: MicroBatcher[str, str], work: Work) -> None:
    assert await batcher.ask() == []
    assert work.batches == []


async def test_refuses_when_the_line_is_full_and_takes_more_when_it_is_not(
    batcher: MicroBatcher[str, str], work: Work
) -> None:
    callers = await ask(batcher, *"abcdef")

    with pytest.raises(Overloaded):
        await batcher.ask("one too many")

    work.may_work.set()
    await asyncio.gather(*callers)
    assert said([await batcher.ask("room")]) == ["moor"]


async def test_skips_callers_that_left(batcher: MicroBatcher[str, str], work: Work) -> None:
    first = await ask_the_idle(batcher, work, "first")
    left, stayed = await ask(batcher, "left", "stayed")

    left.cancel()
    await asyncio.wait([left])
    work.may_work.set()

    await asyncio.gather(first, stayed)
    assert work.batches == [["first"], ["stayed"]]


async def test_answers_the_others_when_a_caller_leaves_a_running_batch(
    batcher: MicroBatcher[str, str], work: Work
) -> None:
    left, stayed = await ask(batcher, "left", "stayed")
    await work.asked.wait()

    left.cancel()
    await asyncio.wait([left])
    work.may_work.set()

    assert said([await stayed]) == ["deyats"]
    assert work.batches == [["left", "stayed"]]


async def test_is_busy_while_anybody_waits(batcher: MicroBatcher[str, str], work: Work) -> None:
    caller = await ask_the_idle(batcher, work, "first")
    was_busy = batcher.is_busy

    work.may_work.set()
    await caller

    assert (was_busy, batcher.is_busy) == (True, False)


async def test_a_failing_batch_fails_all_its_callers_and_the_next_one_works(
    batcher: MicroBatcher[str, str], work: Work
) -> None:
    callers = await ask(batcher, "same", "same", "other")
    await work.asked.wait()
    callers += await ask(batcher, "other")
    others = await ask(batcher, "next")
    work.failure = ModelUnavailable()
    work.may_work.set()

    outcomes = await asyncio.gather(*callers, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [ModelUnavailable] * 4
    assert said(await asyncio.gather(*others)) == ["txen"]


async def test_too_few_answers_fail_the_callers_and_not_the_next(
    batcher: MicroBatcher[str, str], work: Work
) -> None:
    work.forgets = 1
    work.may_work.set()
    with pytest.raises(ValueError, match="shorter"):
        await batcher.ask("forgotten", "forgotten too")

    work.forgets = 0
    assert said([await batcher.ask("next")]) == ["txen"]


async def test_shutting_down_leaves_nobody_hanging(work: Work) -> None:
    settings = BatchingSettings(max_batch=1, max_waiting=6)
    async with aclosing(MicroBatcher[str, str](settings, work.answer_all, "test")) as batcher:
        running = await ask_the_idle(batcher, work, "running")
        waiting = await ask(batcher, "waiting", "waiting too")

    outcomes = await asyncio.gather(running, *waiting, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [ShuttingDown] * 3
    with pytest.raises(ShuttingDown):
        await batcher.ask("too late")


async def test_shutting_down_before_the_work_begins_leaves_nobody_hanging(work: Work) -> None:
    settings = BatchingSettings()
    async with aclosing(MicroBatcher[str, str](settings, work.answer_all, "test")) as batcher:
        [caller] = await ask(batcher, "early")

    with pytest.raises(ShuttingDown):
        await asyncio.wait_for(caller, 10)
    assert work.batches == []
