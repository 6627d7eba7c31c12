"""An answerer over a shelf and a scripted endpoint, and readers of its answers."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from data.model_settings import ModelSettings
from data.settings import AnswerSettings, SearchSettings
from retrieval.admission import Admission
from retrieval.answering import Answerer
from retrieval.events import Done, Event
from retrieval.models.openai import OpenAIModel
from retrieval.verification import Verifier
from tests.model_server import ModelServer
from tests.retrieval.shelf import Shelf, ask

REPORT = "Revenue was $5.2 million in 2021. Costs rose more slowly."
QUESTION = "How much was the revenue in 2021?"


@dataclass
class Service:
    answerer: Answerer
    admission: Admission


@asynccontextmanager
async def service(
    shelf: Shelf, server: ModelServer, places: int = 2, rewriting_seconds: float = 5.0
) -> AsyncIterator[Service]:
    admission = Admission(AnswerSettings(max_running=places, max_waiting=1))
    model_settings = ModelSettings(
        base_url=server.base_url, name="m", rewriting_seconds=rewriting_seconds
    )
    async with OpenAIModel.opened(model_settings) as model:
        answerer = Answerer(shelf, [model], Verifier(shelf.read_pages), admission, SearchSettings())
        yield Service(answerer, admission)


async def read(answerer: Answerer, seconds: float = 10.0) -> list[Event]:
    events: list[Event] = []
    await read_into(events, answerer, seconds)
    return events


async def read_into(events: list[Event], answerer: Answerer, seconds: float = 10.0) -> None:
    """Keep the events also when the answer ends in an error."""
    async with aclosing(await answerer.answer(ask(QUESTION, seconds))) as answer:
        async for event in answer:
            events.append(event)  # noqa: PERF401 - a comprehension would lose them all


def done(events: list[Event]) -> Done:
    assert isinstance(events[-1], Done)
    return events[-1]
