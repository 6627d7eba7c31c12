"""A question becomes an answer: found, written, checked, and streamed while it is made."""

import asyncio
import re
import secrets
import weakref
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol, Self

from data.errors import UnknownModel
from data.settings import SearchSettings
from retrieval.abstention import SENTENCES, reason_to_abstain
from retrieval.admission import Admission
from retrieval.deadline import Deadline
from retrieval.drafts import Draft
from retrieval.events import Accepted, Done, Event, Reason, Sources, Token
from retrieval.evidence import evidence_of
from retrieval.models.model import Finish, Model, Rewriter, Task
from retrieval.passages import Found, Question, Scope
from retrieval.rewriting import query_of
from retrieval.tickets import Ticket
from retrieval.timing import Clock
from retrieval.verification import Verdict, Verifier

_WORD = re.compile(r"\S+\s*")


class FindsPassages(Protocol):
    """The search behind an answer."""

    async def passages_for_answer(
        self, scope: Scope, query: str, limit: int, *, second_look: bool
    ) -> Found:
        """Return the best passages, neighbours joined; in a better order after a second look."""
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
        least = {"min_evidence": settings.min_evidence_for_models}
        self._settings_for_models = settings.model_copy(update=least)

    async def answer(self, question: Question, deadline: Deadline | None = None) -> "Answer":
        """Return the answer to be read, or raise ``UnknownModel`` or ``Overloaded`` at once.

        Its time runs from now on, unless it does already; its place is kept until it is read to
        its end, closed, or forgotten.
        """
        deadline = deadline or Deadline(question.timeout_seconds)
        model = self._models.get(question.model) if question.model else self._default
        if model is None:
            raise UnknownModel(models=sorted(self._models))
        ticket = await self._admission.enter(question.key_id)
        return Answer(self._events(question, model, ticket, deadline), ticket)

    async def _events(
        self, question: Question, model: Model, ticket: Ticket, deadline: Deadline
    ) -> AsyncGenerator[Event, None]:
        """Yield what happens, from ``Accepted`` to ``Done``. Errors of the tree end it early."""
        clock = Clock()
        try:
            yield Accepted(secrets.token_hex(12))
            await deadline.wait(ticket.turn())
            clock.lap("line")

            query = await query_of(question, model, deadline)
            if question.history:
                clock.lap("rewriting")

            # A language model reads all passages, whatever their order; a quoting one does not.
            is_language_model = isinstance(model, Rewriter)
            search = self._searcher.passages_for_answer(
                question.scope, query, question.limit, second_look=not is_language_model
            )
            found = await deadline.wait(search)
            clock.lap("search", **found.timings_ms)
            yield Sources(found.passages)

            evidence = evidence_of(query, found)
            settings = self._settings_for_models if is_language_model else self._settings
            reason = reason_to_abstain(found, evidence, settings)
            if reason is not None:
                for word in _WORD.findall(SENTENCES[reason]):
                    yield Token(word)
                done = _abstention(reason, query, model, clock)
                yield replace(done, evidence=evidence.score, batches=found.batches)
                return

            draft = Draft(len(found.passages))
            # Who can't read the conversation is asked what the question means.
            asked = question.question if is_language_model else query
            task = Task(asked, found.passages, question.history, question.style, query)
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
            done = _done(answer, query, verdict, model, draft.finish, clock)
            yield replace(done, evidence=evidence.score, batches=found.batches)
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


def _abstention(reason: Reason, query: str, model: Model, clock: Clock) -> Done:
    return Done(
        answer=SENTENCES[reason],
        sentences=(),
        citations=(),
        abstained=True,
        reason=reason,
        model=model.name,
        query=query,
        usage={},
        timings_ms=clock.timings(),
    )


def _done(
    answer: str, query: str, verdict: Verdict, model: Model, finish: Finish, clock: Clock
) -> Done:
    abstained = not verdict.citations
    return Done(
        answer=answer,
        sentences=verdict.sentences,
        citations=verdict.citations,
        abstained=abstained,
        reason=Reason.MODEL_DECLINED if abstained else None,
        model=finish.model or model.name,
        query=query,
        usage=finish.usage,
        timings_ms=clock.timings(),
        truncated=finish.truncated,
        degraded=finish.degraded,
    )


def _release(ticket: Ticket, loop: asyncio.AbstractEventLoop) -> None:
    """Release a forgotten ticket; the collector may run in any thread."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(ticket.release)
