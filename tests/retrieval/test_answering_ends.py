"""Answers that end early give back all that they cost."""

import asyncio
import gc
from contextlib import aclosing

import pytest

from data.errors import (
    DeadlineExceeded,
    ModelUnavailable,
    Overloaded,
    SearchUnavailable,
)
from retrieval.events import Event, Token
from retrieval.passages import Found, Scope
from tests.model_server import ModelServer
from tests.retrieval.service import QUESTION, REPORT, read, read_into, service
from tests.retrieval.shelf import Shelf, ask


class TestLeaving:
    @pytest.mark.parametrize("events", [0, 1, 2, 3])
    async def test_closing_at_any_moment_gives_the_place_back_and_stops_the_model(
        self, shelf: Shelf, server: ModelServer, events: int
    ) -> None:
        shelf.put(REPORT)
        server.say("Revenue", asyncio.Event())

        async with service(shelf, server) as running:
            async with aclosing(await running.answerer.answer(ask(QUESTION))) as answer:
                for _ in range(events):
                    await anext(answer)
            await server.until(lambda: server.active == 0)

            assert running.admission.running == 0
            assert server.cancelled == (1 if events == 3 else 0)

    @pytest.mark.parametrize("pause", [0, 0.01, 0.05])
    async def test_cancelling_at_any_moment_does_too(
        self, shelf: Shelf, server: ModelServer, pause: float
    ) -> None:
        shelf.put(REPORT)
        server.say("Revenue", asyncio.Event())

        async with service(shelf, server) as running:
            reader = asyncio.create_task(read(running.answerer))
            await asyncio.sleep(pause)
            reader.cancel()
            await asyncio.wait({reader})
            await server.until(lambda: server.active == 0)

            assert reader.cancelled()
            assert running.admission.running == 0

    async def test_an_answer_that_nobody_reads_gives_its_place_back(
        self, shelf: Shelf, server: ModelServer
    ) -> None:
        async with service(shelf, server) as running:
            answer = await running.answerer.answer(ask(QUESTION))
            assert running.admission.running == 1

            del answer
            gc.collect()
            await asyncio.sleep(0)

            assert running.admission.running == 0

    async def test_who_leaves_the_line_makes_room_in_it(
        self, shelf: Shelf, server: ModelServer
    ) -> None:
        async with (
            service(shelf, server, places=1) as running,
            aclosing(await running.answerer.answer(ask("?"))),
        ):
            waiting = asyncio.create_task(read(running.answerer))
            await asyncio.sleep(0.01)
            with pytest.raises(Overloaded):
                await running.answerer.answer(ask("?"))

            waiting.cancel()
            await asyncio.wait({waiting})

            await (await running.answerer.answer(ask("?"))).aclose()
            assert running.admission.waiting == 0


class TestFailing:
    async def test_a_model_that_breaks_off_ends_the_answer_with_an_error(
        self, shelf: Shelf, server: ModelServer
    ) -> None:
        shelf.put(REPORT)
        server.say("Revenue ", "was", breaks=True)
        events: list[Event] = []

        async with service(shelf, server) as running:
            with pytest.raises(ModelUnavailable):
                await read_into(events, running.answerer)

            assert "".join(t.text for t in events if isinstance(t, Token)) == "Revenue was"
            assert running.admission.running == 0

    async def test_the_deadline_covers_the_model(self, shelf: Shelf, server: ModelServer) -> None:
        shelf.put(REPORT)
        server.say("Revenue", asyncio.Event())

        async with service(shelf, server) as running:
            with pytest.raises(DeadlineExceeded):
                await read(running.answerer, seconds=0.3)
            await server.until(lambda: server.active == 0)

            assert running.admission.running == 0

    async def test_the_deadline_covers_the_line(self, shelf: Shelf, server: ModelServer) -> None:
        async with (
            service(shelf, server, places=1) as running,
            aclosing(await running.answerer.answer(ask("?"))),
        ):
            with pytest.raises(DeadlineExceeded):
                await read(running.answerer, seconds=0.02)

            assert running.admission.waiting == 0

    async def test_the_deadline_covers_the_search(self, server: ModelServer) -> None:
        class Endless(Shelf):
            async def passages_for_answer(
                self, scope: Scope, query: str, limit: int, *, second_look: bool
            ) -> Found:
                await asyncio.Event().wait()
                raise AssertionError

        async with service(Endless(), server) as running:
            with pytest.raises(DeadlineExceeded):
                await read(running.answerer, seconds=0.02)

    async def test_a_search_that_fails_fails_the_answer(self, server: ModelServer) -> None:
        class Broken(Shelf):
            async def passages_for_answer(
                self, scope: Scope, query: str, limit: int, *, second_look: bool
            ) -> Found:
                raise SearchUnavailable

        async with service(Broken(), server) as running:
            with pytest.raises(SearchUnavailable):
                await read(running.answerer)

            assert running.admission.running == 0

    async def test_a_model_that_never_stops_is_stopped(
        self, shelf: Shelf, server: ModelServer
    ) -> None:
        shelf.put(REPORT)
        server.say("Revenue " * 13_000, asyncio.Event())

        async with service(shelf, server) as running:
            with pytest.raises(ModelUnavailable, match="does not stop"):
                await read(running.answerer)
            await server.until(lambda: server.cancelled == 1)
