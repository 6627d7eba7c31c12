"""Streams that are read less often because there are many of them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from data.errors import ModelUnavailable
from data.model_settings import ModelSettings
from retrieval.deadline import Deadline
from retrieval.models.model import Task
from retrieval.models.openai import OpenAIModel
from retrieval.models.pace import Pace
from tests.model_server import ModelServer
from tests.retrieval.models.endpoint import all_of, model_at
from tests.retrieval.shelf import Shelf

# One stream is a crowd, and its pauses last longer than a test.
LONG = Pace(few=0, tick_seconds=60)


def events(*texts: str) -> bytes:
    """Return these pieces of text as they come when they come together."""
    chunks = [json.dumps({"choices": [{"delta": {"content": text}}]}) for text in texts]
    return "".join(f"data: {chunk}\n\n" for chunk in chunks).encode()


def chunk_of(data: bytes) -> bytes:
    """Return data as HTTP's chunked encoding sends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


@asynccontextmanager
async def garbling() -> AsyncIterator[str]:
    """Run a model whose chunks turn into what is none, on a connection that it keeps open."""
    over = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        for _ in range(5):
            writer.write(chunk_of(events("word ")))
            await asyncio.sleep(0.01)
        writer.write(b"zzzz\r\n\0\xff garbage")
        await over.wait()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}/v1"
        over.set()


class TestAPause:
    async def test_begins_behind_each_reading_and_leaves_the_rest_in_the_socket(
        self, server: ModelServer
    ) -> None:
        more = asyncio.Event()
        server.say("one", more, "two")

        async with model_at(server, pace=LONG) as model:
            pieces = model.write(Task("?", ()), Deadline(100))
            assert await anext(pieces) == "one"
            following = asyncio.ensure_future(anext(pieces))
            more.set()
            await server.until(lambda: server.completed == 1)
            assert not following.done()
            following.cancel()
            await asyncio.wait((following,))

    async def test_does_not_begin_before_there_is_text(self, server: ModelServer) -> None:
        more = asyncio.Event()
        server.say(b'data: {"choices": [{"delta": {"role": "assistant"}}]}\n\n', more, "one")

        async with model_at(server, pace=LONG) as model:
            pieces = model.write(Task("?", ()), Deadline(100))
            first = asyncio.ensure_future(anext(pieces))
            await server.until(lambda: server.active == 1)
            more.set()
            assert await first == "one"
            await pieces.aclose()

    @pytest.mark.parametrize("few", [0, 32], ids=["in a crowd", "alone"])
    async def test_ends_with_a_connection_that_breaks_by_garbage(self, few: int) -> None:
        async with garbling() as base_url:
            settings = ModelSettings(base_url=base_url, name="m")
            async with OpenAIModel.opened(settings, pace=Pace(few)) as model:
                with pytest.raises(ModelUnavailable, match="broke"):
                    async for _ in model.write(Task("?", ()), Deadline(100)):
                        pass

    async def test_ends_for_who_leaves(self, server: ModelServer) -> None:
        server.say("one", asyncio.Event(), "two")

        async with model_at(server, pace=LONG) as model:
            pieces = model.write(Task("?", ()), Deadline(100))
            assert await anext(pieces) == "one"
            following = asyncio.ensure_future(anext(pieces))
            await asyncio.sleep(0)
            following.cancel()
            await asyncio.wait((following,))

            await server.until(lambda: server.active == 0)

    async def test_does_not_begin_where_nothing_more_comes(
        self, server: ModelServer, shelf: Shelf
    ) -> None:
        server.say(events("one", "two"))

        async with model_at(server, pace=LONG) as model:
            said, _ = await all_of(model, shelf)

        assert said == ["one", "two"]


async def test_many_streams_say_all_that_few_would(server: ModelServer, shelf: Shelf) -> None:
    words = [f"{number} " for number in range(30)]
    server.say(*words)

    async with model_at(server, pace=Pace(few=4)) as model:
        answers = await asyncio.gather(*[all_of(model, shelf) for _ in range(12)])

    assert {"".join(said) for said, _ in answers} == {"".join(words)}


async def test_a_reader_who_is_far_behind_gets_it_in_one(server: ModelServer, shelf: Shelf) -> None:
    words = [f"{number} " for number in range(30)]
    server.say(events(*words))

    async with model_at(server) as model:
        said, _ = await all_of(model, shelf)

    assert said == ["".join(words)]
