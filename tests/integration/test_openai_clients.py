"""Programs that people have already, on real components, with Footnote as their model."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from langchain_openai import ChatOpenAI
from openai.types.chat import ChatCompletionMessageParam
from pydantic import SecretStr
from websockets.asyncio.client import connect

from tests.model_server import ModelServer
from tests.running_stack import RunningStack

REPORT = Path(__file__).parents[2] / "data" / "samples" / "lighthouse-report.pdf"
DARK = "Why was the light at Gannet Rock dark, and for how long?"
ASKED: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": "Answer in one sentence."},
    {"role": "user", "content": DARK},
]
ANSWER = "It was dark for 47 minutes [1]."
LIBRARY = "lights"
MODEL = f"footnote/{LIBRARY}"


@pytest.fixture(autouse=True)
def report(stack: RunningStack, client: httpx.Client) -> str:
    """The id of the sample report, indexed in a library of its own."""
    client.post("/v1/libraries", json={"name": LIBRARY})
    uploaded = stack.upload(client, REPORT, library=LIBRARY)
    assert stack.finished(client, uploaded["job"]["id"])["state"] == "succeeded"
    document: str = uploaded["document"]["id"]
    return document


@pytest.fixture
def official(stack: RunningStack) -> Iterator[openai.OpenAI]:
    http = openai.DefaultHttpxClient(trust_env=False)
    with openai.OpenAI(
        base_url=f"{stack.address}/v1", api_key=stack.key, http_client=http
    ) as client:
        yield client


@pytest.fixture
async def async_official(stack: RunningStack) -> AsyncIterator[openai.AsyncOpenAI]:
    http = openai.DefaultAsyncHttpxClient(trust_env=False)
    async with openai.AsyncOpenAI(
        base_url=f"{stack.address}/v1", api_key=stack.key, http_client=http
    ) as client:
        yield client


@pytest.fixture
def langchain(stack: RunningStack, official: openai.OpenAI) -> ChatOpenAI:
    """LangChain's model for OpenAI, over the client above."""
    return ChatOpenAI(
        model=MODEL,
        base_url=f"{stack.address}/v1",
        api_key=SecretStr(stack.key),
        client=official.chat.completions,
        root_client=official,
        stream_usage=True,
    )


def never() -> asyncio.Event:
    """An event that is never set: the model stops in the middle of its answer."""
    return asyncio.Event()


class TestTheOfficialClient:
    def test_lists_the_library_and_gets_its_answer(
        self, official: openai.OpenAI, model: ModelServer, report: str
    ) -> None:
        model.say(ANSWER)

        assert MODEL in [one.id for one in official.models.list()]
        completion = official.chat.completions.create(model=MODEL, messages=ASKED)

        message = completion.choices[0].message
        assert message.content == ANSWER
        assert message.model_extra
        [citation] = message.model_extra["citations"]
        assert (citation["document_id"], citation["verified"]) == (report, True)
        assert "47 minutes" in citation["quote"]
        assert completion.usage
        assert completion.usage.total_tokens == 10
        system = model.requests[-1]["messages"][0]["content"]
        assert system.index("Use only what the passages say") < system.index("in one sentence")

    async def test_streams(
        self, async_official: openai.AsyncOpenAI, model: ModelServer, report: str
    ) -> None:
        model.say("It was dark for 47 ", "minutes [", "1].")

        async with await async_official.chat.completions.create(
            model=MODEL, messages=ASKED, stream=True, stream_options={"include_usage": True}
        ) as stream:
            chunks = [chunk async for chunk in stream]

        said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        assert said == ANSWER
        [end] = [c.choices[0] for c in chunks if c.choices and c.choices[0].finish_reason]
        assert end.delta.model_extra
        assert [one["document_id"] for one in end.delta.model_extra["citations"]] == [report]
        assert chunks[-1].usage
        assert chunks[-1].usage.total_tokens == 10

    async def test_that_leaves_stops_the_model(
        self, async_official: openai.AsyncOpenAI, model: ModelServer
    ) -> None:
        model.say("It was dark ", never())
        before = model.cancelled

        async with await async_official.chat.completions.create(
            model=MODEL, messages=ASKED, stream=True
        ) as stream:
            async for chunk in stream:
                if chunk.choices[0].delta.content:
                    break
            assert model.active == 1

        await model.until(lambda: model.active == 0)
        assert model.cancelled == before + 1


class TestLangChain:
    def test_invokes(self, langchain: ChatOpenAI, model: ModelServer) -> None:
        model.say(ANSWER)

        message = langchain.invoke([("system", "Be brief."), ("human", DARK)])

        assert message.text == ANSWER
        assert message.usage_metadata
        assert message.usage_metadata["total_tokens"] == 10

    def test_streams(self, langchain: ChatOpenAI, model: ModelServer) -> None:
        model.say("It was dark for 47 ", "minutes [", "1].")

        pieces = list(langchain.stream(DARK))

        assert "".join(piece.text for piece in pieces) == ANSWER
        assert [p.usage_metadata["total_tokens"] for p in pieces if p.usage_metadata] == [10]


class TestAWebSocket:
    async def test_answers_and_stops_the_model_when_it_closes(
        self, stack: RunningStack, model: ModelServer, report: str
    ) -> None:
        url = stack.address.replace("http://", "ws://") + "/v1/chat"
        ask = {"type": "ask", "question": DARK, "libraries": [LIBRARY]}
        model.say(ANSWER)
        async with connect(url, proxy=None) as socket:
            await socket.send(json.dumps({"type": "auth", "key": stack.key}))
            await socket.send(json.dumps({**ask, "id": "a1"}))
            told: list[dict[str, Any]] = [{"type": ""}]
            while told[-1]["type"] != "done":
                told.append(json.loads(await socket.recv()))
            assert [one["document_id"] for one in told[-1]["citations"]] == [report]

            model.say("It was dark ", never())
            before = model.cancelled
            await socket.send(json.dumps({**ask, "id": "a2"}))
            await model.until(lambda: model.active == 1)

        await model.until(lambda: model.active == 0)
        assert model.cancelled == before + 1
