"""A question becomes an answer: found, written, checked, and streamed while it is made."""

import asyncio
import re
import secrets
import time
import weakref
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import aclosing
from typing import Protocol, Self

from data.errors import ModelUnavailable, UnknownModel
from data.settings import SearchSettings
from retrieval.abstention import SENTENCES, reason_to_abstain
from retrieval.admission import Admission, Ticket
from retrieval.deadline import Deadline
from retrieval.events import Accepted, Done, Event, Reason, Sources, Token
from retrieval.markers import MarkerStream
from retrieval.models.model import Finish, Model, Task
from retrieval.passages import Found, Question, Scope
from retrieval.verification import Verdict, Verifier

# No model is meant to write more; one that never stops would fill the memory.
_MOST_CHARACTERS = 100_000
_WORD = re.compile(r"\S+\s*")


class FindsPassages(Protocol):
    """The search behind an answer."""

    async def passages_for_answer(self, scope: Scope, query: str, limit: int) -> Found:
        """Return the best passages, neighbours joined."""
        ...


class Answerer:
    """Answers questions; the first of the models is the default."""

    def __init__(
        self,
        searcher: FindsPassages,
        models: Sequence[Model],
        verifier: Verifier,
        admission: Admission,
        settings: SearchSettings,
    ) -> None:
        self._searcher = searcher
        self._models = {model.name: model for model in models}
        self._default = models[0]
        self._verifier = verifier
        self._admission = admission
        self._settings = settings

    def answer(self, question: Question) -> "Answer":
        """Return the answer to be read, or raise ``UnknownModel`` or ``Overloaded`` at once.

        Its place is kept until it is read to its end, closed, or forgotten.
        """
        model = self._models.get(question.model) if question.model else self._default
        if model is None:
            raise UnknownModel(models=sorted(self._models))
        ticket = self._admission.enter()
        return Answer(self._events(question, model, ticket), ticket)

    async def _events(
        self, question: Question, model: Model, ticket: Ticket
    ) -> AsyncGenerator[Event, None]:
        """Yield what happens, from ``Accepted`` to ``Done``. Errors of the tree end it early."""
        clock = _Clock()
        deadline = Deadline(question.timeout_seconds)
        try:
            yield Accepted(secrets.token_hex(12))
            await deadline.wait(ticket.turn())
            clock.lap("queue")

            search = self._searcher.passages_for_answer(
                question.scope, question.question, question.limit
            )
            found = await deadline.wait(search)
            clock.lap("search", **found.timings_ms)
            yield Sources(found.passages)

            reason = reason_to_abstain(question.question, found, self._settings)
            if reason is not None:
                for word in _WORD.findall(SENTENCES[reason]):
                    yield Token(word)
                yield _abstention(reason, model, clock)
                return

            draft = Draft(len(found.passages))
            task = Task(question.question, found.passages, question.history)
            async with aclosing(model.write(task, deadline)) as pieces:
                async for piece in pieces:
                    text = draft.add(piece)
                    if text:
                        clock.first("first_token")
                        yield Token(text)
            if rest := draft.rest():
                yield Token(rest)
            answer = draft.text()
            clock.lap("model")

            check = self._verifier.check(question, answer, found.passages)
            verdict = await deadline.wait(check)
            clock.lap("citations")
            yield _done(answer, verdict, model, draft.finish, clock)
        finally:
            ticket.release()


class Answer:
    """The events of an answer. Close it, or read it to its end: either gives its place back."""

    def __init__(self, events: AsyncGenerator[Event, None], ticket: Ticket) -> None:
        self._events = events
        self._ticket = ticket
        # A client may leave before the first event is asked for; nothing is closed then.
        weakref.finalize(self, _release, ticket, asyncio.get_running_loop()).atexit = False

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Awaitable[Event]:
        return self._events.__anext__()

    async def aclose(self) -> None:
        """Stop everything that the answer costs, at once."""
        try:
            await self._events.aclose()
        finally:
            self._ticket.release()


class Draft:
    """The text of an answer while a model writes it."""

    def __init__(self, sources: int) -> None:
        self._markers = MarkerStream(sources)
        self._pieces: list[str] = []
        self._length = 0
        self.finish = Finish()

    def add(self, piece: str | Finish) -> str:
        """Return what can be shown now that this came; it may be empty."""
        if isinstance(piece, Finish):
            self.finish = piece
            return ""
        return self._kept(self._markers.feed(piece))

    def rest(self) -> str:
        """Return what was held back, now that nothing more comes."""
        return self._kept(self._markers.rest())

    def text(self) -> str:
        """Return all that was shown."""
        return "".join(self._pieces)

    def _kept(self, text: str) -> str:
        if text:
            self._pieces.append(text)
            self._length += len(text)
            if self._length > _MOST_CHARACTERS:
                raise ModelUnavailable("The language model does not stop writing.")
        return text


class _Clock:
    """How long each stage took, in milliseconds."""

    def __init__(self) -> None:
        self._start = self._lap = time.perf_counter()
        self._timings: dict[str, float] = {}

    def lap(self, stage: str, **parts: float) -> None:
        """Keep the time since the last lap, and its parts as they are."""
        now = time.perf_counter()
        self._timings.update(parts)
        self._timings[stage] = round((now - self._lap) * 1000, 2)
        self._lap = now

    def first(self, stage: str) -> None:
        """Keep the time since the last lap, the first time only."""
        if stage not in self._timings:
            self._timings[stage] = round((time.perf_counter() - self._lap) * 1000, 2)

    def timings(self) -> dict[str, float]:
        """Return all times, and the total until now."""
        total = round((time.perf_counter() - self._start) * 1000, 2)
        return {**self._timings, "total": total}


def _abstention(reason: Reason, model: Model, clock: _Clock) -> Done:
    return Done(
        answer=SENTENCES[reason],
        sentences=(),
        citations=(),
        abstained=True,
        reason=reason,
        model=model.name,
        usage={},
        timings_ms=clock.timings(),
    )


def _done(answer: str, verdict: Verdict, model: Model, finish: Finish, clock: _Clock) -> Done:
    abstained = not verdict.citations
    return Done(
        answer=answer,
        sentences=verdict.sentences,
        citations=verdict.citations,
        abstained=abstained,
        reason=Reason.MODEL_DECLINED if abstained else None,
        model=model.name,
        usage=finish.usage,
        timings_ms=clock.timings(),
        truncated=finish.truncated,
    )


def _release(ticket: Ticket, loop: asyncio.AbstractEventLoop) -> None:
    """Release a forgotten ticket; the collector may run in any thread."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(ticket.release)
