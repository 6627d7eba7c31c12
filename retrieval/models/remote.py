"""What all models that are somewhere else share: limits, retries, a breaker, an end."""

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from data.errors import ModelUnavailable
from data.model_settings import ModelSettings
from retrieval.deadline import Deadline
from retrieval.models.breaker import Breaker, Call
from retrieval.models.limits import Limits
from retrieval.models.model import Finish, Task
from retrieval.models.retries import LONGEST_PAUSE_SECONDS, Refusal, jitter
from retrieval.passages import Turn
from retrieval.prompting import messages_for, messages_for_rewriting

# A question is no longer.
REWRITING_TOKENS = 64
# No text has so many characters a token; an endpoint that goes on has lost its limit.
_CHARACTERS_A_TOKEN = 16


@dataclass(frozen=True, slots=True)
class Request:
    """What an endpoint is asked for."""

    messages: list[dict[str, str]]
    max_tokens: int
    temperature: float = 0.0


class Stream(Protocol):
    """A request that was accepted."""

    @property
    def ended(self) -> bool:
        """Whether all of the text has come."""
        ...

    async def read(self) -> list[str]:
        """Return the texts that came, which may be none yet; raises like ``Model.write``."""
        ...

    def finish(self) -> Finish:
        """Return how it went; raises ``ModelUnavailable`` when it broke off."""
        ...


class RemoteModel(ABC):
    """A model that is asked over a network; a leaf class says in which words."""

    def __init__(self, host: str, settings: ModelSettings, breaker: Breaker) -> None:
        # What may be told of where it is: no path, no user, no key.
        self.host = host
        self.breaker = breaker
        self._settings = settings

    @property
    def name(self) -> str:
        """The name that the endpoint knows it by."""
        return self._settings.name or "default"

    @abstractmethod
    async def reach(self) -> None:
        """Raise ``ModelUnavailable`` when its server takes no connections."""

    @abstractmethod
    def _sent(self, request: Request, limits: Limits) -> AbstractAsyncContextManager[Stream]:
        """Hold the stream of an accepted request; raises ``Refusal`` when it is not accepted."""

    def write(
        self, task: Task, deadline: Deadline, first_by: float = math.inf
    ) -> AsyncGenerator[str | Finish, None]:
        """Yield the text as it comes; what comes much faster than it is read comes in one piece.

        Raises ``ModelUnavailable`` also when no text has come by ``first_by``.
        """
        settings = self._settings
        messages = messages_for(task, settings)
        request = Request(messages, settings.max_output_tokens, settings.temperature)
        return self._completed(request, deadline, first_by)

    async def rewrite(
        self,
        question: str,
        history: tuple[Turn, ...],
        deadline: Deadline,
        first_by: float = math.inf,
    ) -> str:
        """Return what the model makes of a follow-up; nothing when it does not come to an end."""
        messages = messages_for_rewriting(question, history, self._settings)
        soon = Deadline(min(self._settings.rewriting_seconds, deadline.remaining()))
        request = Request(messages, REWRITING_TOKENS)
        said = ""
        async with aclosing(self._completed(request, soon, first_by)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Finish):
                    return "" if piece.truncated else said
                said += piece
        return ""

    async def _completed(
        self, request: Request, deadline: Deadline, first_by: float
    ) -> AsyncGenerator[str | Finish, None]:
        """Yield the text of a completion, then how it went."""
        limits = Limits(deadline, self._settings, self.host, first_by)
        left = request.max_tokens * _CHARACTERS_A_TOKEN
        async with self._accepted(request, limits) as (call, stream):
            has_text = False
            while not stream.ended and left > 0:
                for text in await stream.read():
                    if not has_text:
                        has_text = True
                        limits.has_text()
                        call.brought_text()
                    left -= len(text)
                    yield text
            finish = stream.finish() if stream.ended else Finish(truncated=True)
        if not has_text:
            raise ModelUnavailable(f"The model at {self.host} said nothing.")
        yield finish

    @asynccontextmanager
    async def _accepted(
        self, request: Request, limits: Limits
    ) -> AsyncIterator[tuple[Call, Stream]]:
        """Hold the stream of a request, which is sent again if needed."""
        for attempt in count():
            rest = self.breaker.rest_seconds
            if 0 < rest <= min(LONGEST_PAUSE_SECONDS, limits.left()):
                await asyncio.sleep(rest + rest * jitter() / 4)
            async with AsyncExitStack() as stack:
                call = stack.enter_context(self.breaker.call(lambda: limits.hurried))
                sending = stack.enter_async_context(self._sent(request, limits))
                try:
                    stream = await limits.until(sending)
                except Refusal as error:
                    call.refused(counts=error.counts)
                    refusal = error
                else:
                    yield call, stream
                    return
            await self._pause(refusal, attempt, limits)

    async def _pause(self, refusal: Refusal, attempt: int, limits: Limits) -> None:
        """Return when it is time for another attempt, or raise what was wrong with this one."""
        pause = refusal.pause_seconds(attempt)
        if refusal.rest_seconds is not None:
            self.breaker.rest(refusal.rest_seconds)
        if (
            pause is None
            or self.breaker.is_broken
            or pause > min(LONGEST_PAUSE_SECONDS, limits.left())
        ):
            raise refusal.problem
        await asyncio.sleep(pause)
