"""The events of an answer, as clients get them."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import NamedTuple

from api.metrics import Metrics
from api.schemas.ask import AnswerBody
from api.schemas.search import SourceBody
from api.streaming import encoded, json_of
from data.errors import FootnoteError
from retrieval.answering import Answer
from retrieval.events import Accepted, Done, Event, Sources, Token
from retrieval.passages import Passage


async def answer_events(answer: Answer, metrics: Metrics) -> AsyncGenerator[bytes, None]:
    """Yield the answer's events, encoded. Closing this closes the answer."""
    number = 0
    async with measured(answer, metrics) as events:
        async for event in events:
            yield encoded_event(event, number)
            number += 1


class WholeAnswer(NamedTuple):
    """An answer that is complete."""

    answer_id: str
    passages: tuple[Passage, ...]
    done: Done


async def whole_answer(answer: Answer, metrics: Metrics) -> WholeAnswer:
    """Return the answer when it is complete. Cancelling this closes the answer."""
    answer_id = ""
    passages: tuple[Passage, ...] = ()
    async with measured(answer, metrics) as events:
        async for event in events:
            if isinstance(event, Accepted):
                answer_id = event.answer_id
            elif isinstance(event, Sources):
                passages = event.passages
            elif isinstance(event, Done):
                return WholeAnswer(answer_id, passages, event)
    raise AssertionError("an answer ended without its last event")


@asynccontextmanager
async def measured(answer: Answer, metrics: Metrics) -> AsyncIterator[AsyncGenerator[Event, None]]:
    """Give an answer's events, counted and timed; the answer is closed with the context."""
    metrics.note_answers(1)
    try:
        async with aclosing(answer), aclosing(_noted(answer, metrics)) as events:
            yield events
    finally:
        metrics.note_answers(-1)


async def _noted(answer: Answer, metrics: Metrics) -> AsyncGenerator[Event, None]:
    started = time.perf_counter()
    silent = True
    outcome = "left"
    try:
        async for event in answer:
            if silent and isinstance(event, Token):
                silent = False
                metrics.note_first_token(time.perf_counter() - started)
            elif isinstance(event, Done):
                outcome = "abstained" if event.abstained else "done"
                metrics.note_stages(event.timings_ms)
            yield event
    except Exception as error:
        outcome = error.code if isinstance(error, FootnoteError) else FootnoteError.code
        raise
    finally:
        metrics.note_outcome(outcome)


def encoded_event(event: Event, number: int) -> bytes:
    """Return an event of an answer as clients get it."""
    match event:
        case Token():
            # The only one that comes often.
            return b'event: token\ndata: {"text":%b}\nid: %d\n\n' % (json_of(event.text), number)
        case Accepted():
            return encoded("accepted", json_of({"answer_id": event.answer_id}), number)
        case Sources():
            return encoded(
                "sources", json_of({"sources": SourceBody.numbered(event.passages)}), number
            )
        case Done():
            body = AnswerBody.model_validate(event)
            return encoded("done", body.model_dump_json().encode(), number)
