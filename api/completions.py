"""The events of an answer as chat completions, as OpenAI's clients read them."""

import time
from collections.abc import AsyncGenerator

from pydantic_core import to_json

from api.answers import WholeAnswer, measured
from api.metrics import Metrics
from api.schemas.ask import CitationBody
from api.schemas.completions import (
    AnsweredBody,
    ChoiceBody,
    CompletionBody,
    UsageBody,
    finish_reason,
)
from retrieval.answering import Answer
from retrieval.events import Accepted, Done, Token

END = b"data: [DONE]\n\n"
ROLE = {"role": "assistant", "content": ""}


class Chunks:
    """Encodes the chunks of a completion; what they share is encoded once."""

    def __init__(self, answer_id: str, model: str) -> None:
        shared = {
            "id": completion_id(answer_id),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._head = b"data: %b," % to_json(shared)[:-1]

    def delta(self, delta: object, finish: str | None = None) -> bytes:
        """Return a chunk of the one choice."""
        choice = b'"choices":[{"index":0,"delta":%b,"logprobs":null,"finish_reason":%b}]'
        return b"%b%b}\n\n" % (self._head, choice % (to_json(delta), to_json(finish)))

    def usage(self, usage: UsageBody) -> bytes:
        """Return the chunk that only tells the usage."""
        return b'%b"choices":[],"usage":%b}\n\n' % (self._head, to_json(usage))


def completion_id(answer_id: str) -> str:
    """Return the id of a completion, as OpenAI's look."""
    return f"chatcmpl-{answer_id}"


async def completion_events(
    answer: Answer, metrics: Metrics, model: str, *, includes_usage: bool
) -> AsyncGenerator[bytes, None]:
    """Yield the answer's chunks, encoded. Closing this closes the answer."""
    async with measured(answer, metrics) as events:
        accepted = await anext(events)
        assert isinstance(accepted, Accepted)
        chunks = Chunks(accepted.answer_id, model)
        yield chunks.delta(ROLE)
        async for event in events:
            if isinstance(event, Token):
                yield chunks.delta({"content": event.text})
            elif isinstance(event, Done):
                citations = [CitationBody.model_validate(one) for one in event.citations]
                yield chunks.delta({"citations": citations}, finish_reason(event))
                if includes_usage:
                    yield chunks.usage(UsageBody.of(event.usage))
    yield END


def completion_of(whole: WholeAnswer, model: str) -> CompletionBody:
    """Return the body for a finished answer."""
    done = whole.done
    citations = [CitationBody.model_validate(one) for one in done.citations]
    message = AnsweredBody(content=done.answer, citations=citations)
    return CompletionBody(
        id=completion_id(whole.answer_id),
        created=int(time.time()),
        model=model,
        choices=[ChoiceBody(message=message, finish_reason=finish_reason(done))],
        usage=UsageBody.of(done.usage),
    )
