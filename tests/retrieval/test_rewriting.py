"""A model says what a follow-up means, for the search only; a rule does when it can't."""

import asyncio
from contextlib import aclosing

import pytest

from data.errors import DeadlineExceeded
from retrieval.events import Done
from tests.model_server import ModelServer, Script
from tests.retrieval.service import REPORT, done, service
from tests.retrieval.shelf import Shelf, ask

EARLIER = "What was the revenue of Acme in 2020?"
RULE = "and in 2021? revenue Acme"
MEANT = "What was the revenue of Acme in 2021?"
ANSWER = Script(["Revenue was $5.2 million [1]."])


async def asked(
    shelf: Shelf, server: ModelServer, question: str, earlier: str = EARLIER, seconds: float = 10
) -> Done:
    async with (
        service(shelf, server, rewriting_seconds=0.5) as running,
        aclosing(await running.answerer.answer(ask(question, seconds, earlier=earlier))) as answer,
    ):
        return done([event async for event in answer])


@pytest.mark.parametrize(
    "said",
    [
        MEANT,
        f"\n  {MEANT}\nIt was 5.",
        f'"{MEANT}"',
        f"Rewritten question: {MEANT}",
        f"{MEANT} [1]",
    ],
)
async def test_what_the_model_makes_of_it_is_searched_for(
    shelf: Shelf, server: ModelServer, said: str
) -> None:
    shelf.put(REPORT)
    server.scripts = [Script([said]), ANSWER]

    result = await asked(shelf, server, "and in 2021?")

    assert shelf.queries == [MEANT]
    assert result.query == MEANT
    assert result.timings_ms["rewriting"] > 0
    assert result.citations[0].verified
    rewriting, answering = server.requests
    assert (rewriting["temperature"], rewriting["max_tokens"]) == (0, 64)
    assert "and in 2021?" in rewriting["messages"][-1]["content"]
    assert "It was so [1]" not in rewriting["messages"][-1]["content"]
    # The model that answers sees what was asked, and the conversation.
    assert answering["messages"][-1]["content"].endswith("Question: and in 2021?")
    assert answering["messages"][1] == {"role": "user", "content": EARLIER}


@pytest.mark.parametrize(
    "script",
    [
        Script(status=400),
        Script(["What was"], breaks=True),
        Script([asyncio.Event()]),
        Script([b"data: {}{\n\n"]),
        Script([""]),
        Script(["\n\u201c\u201d\n"]),
        Script([MEANT], finish_reason="length"),
        Script(["What was the revenue of Acme in 2019?"]),
        Script(["I can't find 2021 in the documents."]),
        Script(["2021 " * 200]),
    ],
    ids=["refuses", "breaks off", "is silent", "sends nonsense", "says nothing", "says marks only",
         "does not end", "asks another year", "answers", "goes on"],
)  # fmt: skip
async def test_a_rule_says_it_when_the_model_does_not(
    shelf: Shelf, server: ModelServer, script: Script
) -> None:
    shelf.put(REPORT)
    server.scripts = [script, ANSWER]

    result = await asked(shelf, server, "and in 2021?")

    assert shelf.queries == [RULE]
    assert result.query == RULE
    assert result.citations


async def test_a_question_of_its_own_stays_as_it_is(shelf: Shelf, server: ModelServer) -> None:
    shelf.put(REPORT)
    server.scripts = [Script(["who LEADS globex"]), ANSWER]

    assert (await asked(shelf, server, "Who leads Globex?")).query == "Who leads Globex?"


@pytest.mark.parametrize(
    ("question", "earlier"), [("and in 2021?", ""), ("and in 2021? " * 60, EARLIER)]
)
async def test_the_model_is_not_asked_when_there_is_nothing_to_take_over(
    shelf: Shelf, server: ModelServer, question: str, earlier: str
) -> None:
    shelf.put(REPORT)
    server.scripts = [ANSWER]

    assert (await asked(shelf, server, question, earlier)).query == question
    assert len(server.requests) == 1


async def test_the_deadline_covers_the_rewriting(shelf: Shelf, server: ModelServer) -> None:
    server.say(asyncio.Event())

    with pytest.raises(DeadlineExceeded):
        await asked(shelf, server, "and in 2021?", seconds=0.1)

    await server.until(lambda: server.active == 0)
    assert shelf.queries == []


async def test_leaving_stops_the_rewriting(shelf: Shelf, server: ModelServer) -> None:
    server.say(asyncio.Event())

    waiting = asyncio.create_task(asked(shelf, server, "and in 2021?"))
    await server.until(lambda: server.active == 1)
    waiting.cancel()
    await asyncio.wait({waiting})

    await server.until(lambda: server.active == 0)
    assert waiting.cancelled()
