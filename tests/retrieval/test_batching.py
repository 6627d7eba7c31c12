import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from data.contents import Embed, Vector, Vectors
from data.errors import ModelUnavailable, Overloaded, ShuttingDown
from data.settings import BatchingSettings
from retrieval.batching import MicroBatcher


def encode(texts: Sequence[str]) -> Vectors:
    """Return vectors that tell whose they are."""
    return np.array([vector_of(text) for text in texts], np.float32).reshape(len(texts), 2)


def vector_of(text: str) -> list[float]:
    return [len(text), sum(map(ord, text))]


class Model:
    """A lane that keeps the batches it was given, and works when it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.asked = asyncio.Event()
        self.may_work = asyncio.Event()
        self.failure: Exception | None = None
        self.forgets = 0

    async def run(self, encode: Embed, texts: Sequence[str]) -> Vectors:
        self.batches.append(list(texts))
        self.asked.set()
        await self.may_work.wait()
        if self.failure:
            failure, self.failure = self.failure, None
            raise failure
        return encode(texts)[self.forgets :]


@pytest.fixture
async def model() -> Model:
    return Model()


@pytest.fixture
async def batcher(model: Model) -> AsyncIterator[MicroBatcher]:
    settings = BatchingSettings(max_batch=3, max_waiting=6)
    async with MicroBatcher(settings, model.run, encode) as batcher:
        yield batcher


async def ask(batcher: MicroBatcher, *texts: str) -> list[asyncio.Task[Vector]]:
    """Return callers that stand in the line, in this order."""
    callers = [asyncio.create_task(batcher.encode(text)) for text in texts]
    await asyncio.sleep(0)
    return callers


async def ask_the_idle(batcher: MicroBatcher, model: Model, text: str) -> asyncio.Task[Vector]:
    """Return a caller whose text the model has begun with."""
    [caller] = await ask(batcher, text)
    await model.asked.wait()
    return caller


class TestMicroBatcher:
    async def test_takes_a_lone_text_at_once(self, batcher: MicroBatcher, model: Model) -> None:
        model.may_work.set()

        vector = await batcher.encode("alone")

        assert vector.tolist() == vector_of("alone")
        assert model.batches == [["alone"]]

    async def test_gathers_what_waits_and_sorts_it_by_length(
        self, batcher: MicroBatcher, model: Model
    ) -> None:
        first = await ask_the_idle(batcher, model, "first")
        others = await ask(batcher, "ccc", "a", "bb", "dddd")
        model.may_work.set()

        vectors = await asyncio.gather(first, *others)

        assert model.batches == [["first"], ["a", "bb", "ccc"], ["dddd"]]
        texts = ["first", "ccc", "a", "bb", "dddd"]
        assert [vector.tolist() for vector in vectors] == [vector_of(text) for text in texts]

    async def test_encodes_equal_texts_once(self, batcher: MicroBatcher, model: Model) -> None:
        first = await ask_the_idle(batcher, model, "first")
        others = await ask(batcher, "same", "same", "other", "same")
        model.may_work.set()

        vectors = await asyncio.gather(first, *others)

        assert model.batches == [["first"], ["same", "other"]]
        assert [vector.tolist() for vector in vectors[1:3]] == [vector_of("same")] * 2

    async def test_spreads_many_texts_of_one_caller_over_batches_in_their_order(
        self, batcher: MicroBatcher, model: Model
    ) -> None:
        model.may_work.set()
        texts = ["eeeee", "a", "ccc", "bb", "dddd", "a", "ffffff"]

        vectors = await batcher.encode_many(texts)

        assert vectors.tolist() == [vector_of(text) for text in texts]
        assert [len(batch) for batch in model.batches] == [3, 3, 1]

    async def test_answers_no_texts_with_no_vectors(
        self, batcher: MicroBatcher, model: Model
    ) -> None:
        model.may_work.set()

        assert (await batcher.encode_many([])).shape == (0, 2)

    async def test_refuses_when_the_line_is_full_and_takes_more_when_it_is_not(
        self, batcher: MicroBatcher, model: Model
    ) -> None:
        callers = await ask(batcher, *"abcdef")

        with pytest.raises(Overloaded):
            await batcher.encode("one too many")

        model.may_work.set()
        await asyncio.gather(*callers)
        assert (await batcher.encode("room again")).tolist() == vector_of("room again")

    async def test_skips_callers_that_left(self, batcher: MicroBatcher, model: Model) -> None:
        first = await ask_the_idle(batcher, model, "first")
        left, stayed = await ask(batcher, "left", "stayed")

        left.cancel()
        await asyncio.wait([left])
        model.may_work.set()

        await asyncio.gather(first, stayed)
        assert model.batches == [["first"], ["stayed"]]

    async def test_answers_the_others_when_a_caller_leaves_a_running_batch(
        self, batcher: MicroBatcher, model: Model
    ) -> None:
        left, stayed = await ask(batcher, "left", "stayed")
        await model.asked.wait()

        left.cancel()
        await asyncio.wait([left])
        model.may_work.set()

        assert (await stayed).tolist() == vector_of("stayed")
        assert model.batches == [["left", "stayed"]]

    async def test_a_failing_batch_fails_all_its_callers_and_the_next_one_works(
        self, batcher: MicroBatcher, model: Model
    ) -> None:
        first = await ask_the_idle(batcher, model, "first")
        others = await ask(batcher, "same", "same")
        model.failure = ModelUnavailable()
        model.may_work.set()

        with pytest.raises(ModelUnavailable):
            await first
        assert [vector.tolist() for vector in await asyncio.gather(*others)] == [
            vector_of("same")
        ] * 2

    async def test_too_few_vectors_fail_the_callers_and_not_the_runner(
        self, batcher: MicroBatcher, model: Model
    ) -> None:
        model.forgets = 1
        model.may_work.set()
        with pytest.raises(ValueError, match="shorter"):
            await batcher.encode("forgotten")

        model.forgets = 0
        assert (await batcher.encode("next")).tolist() == vector_of("next")

    async def test_shutting_down_leaves_nobody_hanging(self, model: Model) -> None:
        settings = BatchingSettings(max_batch=1, max_waiting=6)
        async with MicroBatcher(settings, model.run, encode) as batcher:
            running = await ask_the_idle(batcher, model, "running")
            waiting = await ask(batcher, "waiting", "waiting too")

        outcomes = await asyncio.gather(running, *waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ShuttingDown] * 3
        with pytest.raises(ShuttingDown):
            await batcher.encode("too late")
