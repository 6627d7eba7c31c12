"""Streams that are read less often because there are many of them."""

import asyncio
import json

import pytest

from retrieval.deadline import Deadline
from retrieval.models import pace
from retrieval.models.model import Task
from tests.model_server import ModelServer
from tests.retrieval.models.endpoint import all_of, model_at
from tests.retrieval.shelf import Shelf


def events(*texts: str) -> bytes:
    """Return these pieces of text as they come when they come together."""
    chunks = [json.dumps({"choices": [{"delta": {"content": text}}]}) for text in texts]
    return "".join(f"data: {chunk}\n\n" for chunk in chunks).encode()


class TestAPause:
    @pytest.fixture(autouse=True)
    def many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pace, "FEW", 0)
        monkeypatch.setattr(pace, "TICK_SECONDS", 60)

    async def test_begins_behind_each_reading_and_leaves_the_rest_in_the_socket(
        self, server: ModelServer
    ) -> None:
        more = asyncio.Event()
        server.say("one", more, "two")

        async with model_at(server) as model:
            pieces = model.write(Task("?", ()), Deadline(100))
            assert await anext(pieces) == "one"
            following = asyncio.ensure_future(anext(pieces))
            more.set()
            await server.until(lambda: server.completed == 1)
            assert not following.done()
            following.cancel()
            await asyncio.wait((following,))

    async def test_ends_for_who_leaves(self, server: ModelServer) -> None:
        server.say("one", asyncio.Event(), "two")

        async with model_at(server) as model:
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

        async with model_at(server) as model:
            said, _ = await all_of(model, shelf)

        assert said == ["one", "two"]


async def test_many_streams_say_all_that_few_would(
    server: ModelServer, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "FEW", 4)
    words = [f"{number} " for number in range(30)]
    server.say(*words)

    async with model_at(server) as model:
        answers = await asyncio.gather(*[all_of(model, shelf) for _ in range(12)])

    assert {"".join(said) for said, _ in answers} == {"".join(words)}


async def test_a_reader_who_is_far_behind_gets_it_in_one(server: ModelServer, shelf: Shelf) -> None:
    words = [f"{number} " for number in range(30)]
    server.say(events(*words))

    async with model_at(server) as model:
        said, _ = await all_of(model, shelf)

    assert said == ["".join(words)]
