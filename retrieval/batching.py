"""Items of many callers, answered together."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from itertools import chain
from typing import Generic, NamedTuple, TypeVar

from data.errors import Overloaded, ShuttingDown
from data.settings import BatchingSettings

Item = TypeVar("Item", bound=Hashable)
Answer = TypeVar("Answer")


class Batched(NamedTuple, Generic[Answer]):
    """An answer, and how many different items were answered with it."""

    answer: Answer
    size: int


class MicroBatcher(Generic[Item, Answer]):
    """Gather the items that wait while the work goes on, and have them answered together.

    There is no timer. An idle batcher takes a lone item at once; a busy one finds
    a full batch when it comes back. Load makes the batches, not delay.
    """

    def __init__(
        self,
        settings: BatchingSettings,
        answer_all: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        name: str,
        *,
        joins_work: bool = True,
    ) -> None:
        self._settings = settings
        self._answer_all = answer_all
        self._name = name
        self._joins_work = joins_work
        self._waiting: deque[tuple[Item, asyncio.Future[Batched[Answer]]]] = deque()
        # What is being answered, with all who ask for it.
        self._running: dict[Item, list[asyncio.Future[Batched[Answer]]]] = {}
        # Callers, not items: admission, in front of this line, counts callers too.
        self._callers = 0
        # There while there is work.
        self._runner: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def is_busy(self) -> bool:
        """Whether anybody waits for an answer."""
        return self._callers > 0

    @property
    def is_at_work(self) -> bool:
        """Whether anything is being answered, if only for those who have left."""
        return self._runner is not None

    async def ask(self, *items: Item) -> list[Batched[Answer]]:
        """Return the answers to one caller's items, which may be spread over several batches.

        Equal items in the line are answered once; so are those in work, unless an answer may not
        be older than its question. Raises ``Overloaded`` when the line is full.
        """
        if self._closed:
            raise ShuttingDown
        if self._callers >= self._settings.max_waiting:
            raise Overloaded("Too many questions are waiting. Try again shortly.")
        create = asyncio.get_running_loop().create_future
        answers: list[asyncio.Future[Batched[Answer]]] = [create() for _ in items]
        for item, answer in zip(items, answers, strict=True):
            if self._joins_work and item in self._running:
                self._running[item].append(answer)
            else:
                self._waiting.append((item, answer))
        if self._waiting and self._runner is None:
            self._runner = asyncio.create_task(self._work(), name=self._name)
        self._callers += 1
        try:
            # Without gather's bookkeeping: one item is the rule.
            return [await answer for answer in answers]
        finally:
            self._callers -= 1
            # One item failed, or the caller left: nobody wants the others.
            for answer in answers:
                if not answer.cancel() and not answer.cancelled():
                    answer.exception()  # taken note of, so that asyncio does not

    async def aclose(self) -> None:
        """End the work; who waits gets ``ShuttingDown``."""
        self._closed = True
        if self._runner is not None:
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._runner
            # One that had not begun yet has refused nobody.
            self._refuse_all()

    async def _work(self) -> None:
        """Answer whatever waits, one batch after the other."""
        try:
            while batch := self._next_batch():
                await self._answer(batch)
        finally:
            # However the work ends, nobody waits for it.
            self._runner = None
            self._refuse_all()

    def _refuse_all(self) -> None:
        _refuse(answer for _, answer in self._waiting)
        self._waiting.clear()

    def _next_batch(self) -> dict[Item, list[asyncio.Future[Batched[Answer]]]]:
        """Take different items from the line, as many as fit, each with all who ask for it."""
        batch: dict[Item, list[asyncio.Future[Batched[Answer]]]] = {}
        while self._waiting:
            item, answer = self._waiting[0]
            if not answer.done():
                if item not in batch and len(batch) == self._settings.max_batch:
                    break
                batch.setdefault(item, []).append(answer)
            self._waiting.popleft()
        return batch

    async def _answer(self, batch: dict[Item, list[asyncio.Future[Batched[Answer]]]]) -> None:
        """Answer a batch. Every caller gets an answer, on every path out of here."""
        self._running = batch
        try:
            found = await self._answer_all(list(batch))
            for answers, one in zip(batch.values(), found, strict=True):
                for answer in answers:
                    if not answer.done():
                        answer.set_result(Batched(one, len(batch)))
        except Exception as error:  # noqa: BLE001 - whatever the work raises belongs to its callers
            for answer in chain(*batch.values()):
                if not answer.done():
                    answer.set_exception(error)
        finally:
            self._running = {}
            _refuse(chain(*batch.values()))  # shutting down; does nothing to one already answered


def _refuse(answers: Iterable[asyncio.Future[Batched[Answer]]]) -> None:
    for answer in answers:
        if not answer.done():
            answer.set_exception(ShuttingDown())
