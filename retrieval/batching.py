"""Texts of many callers, encoded together."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from data.contents import Embed, Vector, Vectors
from data.errors import Overloaded, ShuttingDown
from data.settings import BatchingSettings

# Has the blocking call done elsewhere: the embedder's lane.
Run = Callable[[Embed, Sequence[str]], Awaitable[Vectors]]
Answer = asyncio.Future[Vector]


class Waiting(NamedTuple):
    """A text in the line, and where its vector goes."""

    text: str
    answer: Answer


class MicroBatcher:
    """Gather the texts that wait while the model is busy, and encode them together.

    There is no timer. An idle model takes a lone text at once; a busy one finds
    a full batch when it comes back. Load makes the batches, not delay.
    """

    def __init__(self, settings: BatchingSettings, run: Run, encode: Embed) -> None:
        self._settings = settings
        self._run = run
        self._encode = encode
        self._waiting: deque[Waiting] = deque()
        # Callers, not texts: admission, in front of this line, counts callers too.
        self._callers = 0
        self._arrived = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._open = False

    @property
    def is_busy(self) -> bool:
        """Whether anybody waits for a vector."""
        return self._callers > 0

    async def encode(self, text: str) -> Vector:
        """Return the vector of ``text``, or raise ``Overloaded`` when the line is full."""
        vector: Vector = (await self.encode_many([text]))[0]
        return vector

    async def encode_many(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of one caller's texts, which may be spread over several batches."""
        if not self._open:
            raise ShuttingDown
        if not texts:
            return await self._run(self._encode, texts)
        if self._callers >= self._settings.max_waiting:
            raise Overloaded("Too many questions are waiting. Try again shortly.")
        answers = [asyncio.get_running_loop().create_future() for _ in texts]
        self._waiting.extend(map(Waiting, texts, answers))
        self._arrived.set()
        self._callers += 1
        try:
            return np.stack(await asyncio.gather(*answers))
        finally:
            self._callers -= 1
            # One text failed, or the caller left: nobody wants the others.
            for answer in answers:
                answer.cancel()

    async def __aenter__(self) -> Self:
        self._open = True
        self._runner = asyncio.create_task(self._work(), name="micro-batcher")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._runner

    async def _work(self) -> None:
        """Encode whatever has arrived, one batch after the other."""
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while batch := self._next_batch():
                    await self._answer(batch)
        finally:
            # However the runner ends, nobody waits for it.
            self._open = False
            _refuse([waiting.answer for waiting in self._waiting])
            self._waiting.clear()

    def _next_batch(self) -> dict[str, list[Answer]]:
        """Take different texts from the line, as many as fit, each with all who ask for it."""
        batch: dict[str, list[Answer]] = {}
        while self._waiting:
            text, answer = self._waiting[0]
            if not answer.done():
                if text not in batch and len(batch) == self._settings.max_batch:
                    break
                batch.setdefault(text, []).append(answer)
            self._waiting.popleft()
        return batch

    async def _answer(self, batch: dict[str, list[Answer]]) -> None:
        """Encode a batch. Every caller gets an answer, on every path out of here."""
        texts = sorted(batch, key=len)
        everyone = [answer for answers in batch.values() for answer in answers]
        try:
            vectors = await self._run(self._encode, texts)
            for text, vector in zip(texts, vectors, strict=True):
                for answer in batch[text]:
                    if not answer.done():
                        answer.set_result(vector)
        except Exception as error:  # noqa: BLE001 - whatever the model raises belongs to its callers
            for answer in everyone:
                if not answer.done():
                    answer.set_exception(error)
        finally:
            _refuse(everyone)  # shutting down; does nothing to one already answered


def _refuse(answers: Sequence[Answer]) -> None:
    for answer in answers:
        if not answer.done():
            answer.set_exception(ShuttingDown())
