"""Endpoints that are away are skipped, also by those who fall back, over real HTTP."""

import asyncio

import pytest

from data.errors import ModelUnavailable
from retrieval.deadline import Deadline
from retrieval.models.breaker import Circuit
from retrieval.models.model import Finish, Rewriter
from tests.model_server import ModelServer, Script
from tests.retrieval.models.chain import NOWHERE, TURNS, answer_of, models_at


class TestBreaking:
    async def test_an_endpoint_that_is_away_is_soon_not_asked(
        self, server: ModelServer, second: ModelServer
    ) -> None:
        server.scripts = [Script(status=500)]

        async with models_at(server.base_url, second.base_url, breaker_failures=3) as models:
            for _ in range(4):
                assert (await answer_of(models))[0] == "From the second."

            assert models.endpoints[0].breaker.state is Circuit.OPEN
        assert (len(server.requests), len(second.requests)) == (3, 4)

    async def test_it_is_asked_again_after_a_while(
        self, server: ModelServer, second: ModelServer
    ) -> None:
        server.scripts = [Script(status=500), Script(["Back."], usage=None)]

        async with models_at(
            server.base_url, second.base_url, breaker_failures=1, breaker_seconds=0.1
        ) as models:
            assert (await answer_of(models))[0] == "From the second."
            await asyncio.sleep(0.15)
            assert await answer_of(models) == ("Back.", Finish())

    async def test_silence_opens_it_when_the_client_would_have_waited(
        self, server: ModelServer
    ) -> None:
        server.say(asyncio.Event())

        states = []

        async with models_at(server.base_url, breaker_failures=1, first_token_seconds=0.3) as a:
            for seconds in (0.2, 5):
                await answer_of(a, seconds=seconds)
                states.append(a.endpoints[0].breaker.state)

        assert states == [Circuit.CLOSED, Circuit.OPEN]

    async def test_a_follow_up_does_not_wait_for_an_endpoint_that_is_away(
        self, server: ModelServer, second: ModelServer
    ) -> None:
        second.say("What was revenue in 2021?")

        async with models_at(NOWHERE, second.base_url, breaker_failures=1) as models:
            model = models.askable[0]
            assert isinstance(model, Rewriter)
            for _ in range(2):
                assert await model.rewrite("and 2021?", TURNS, Deadline(10)) == (
                    "What was revenue in 2021?"
                )
            assert models.endpoints[0].breaker.state is Circuit.OPEN

    async def test_nobody_who_can_rewrite_is_an_error_at_once(self) -> None:
        async with models_at(NOWHERE, breaker_failures=1) as models:
            model = models.askable[0]
            assert isinstance(model, Rewriter)
            for _ in range(2):
                with pytest.raises(ModelUnavailable):
                    await model.rewrite("and 2021?", TURNS, Deadline(10))


class TestResting:
    async def test_after_retry_after_nobody_asks_until_then(
        self, server: ModelServer, second: ModelServer
    ) -> None:
        server.scripts = [Script(status=429, headers={"retry-after": "30"})]

        async with models_at(server.base_url, second.base_url) as models:
            answers = [await answer_of(models) for _ in range(3)]

        assert [said for said, _ in answers] == ["From the second."] * 3
        assert len(server.requests) == 1

    async def test_a_short_one_is_waited_for_by_all(self, server: ModelServer) -> None:
        busy = Script(status=429, headers={"retry-after": "0.5"})
        server.scripts = [busy, Script(["Yes."])]

        async with models_at(server.base_url) as models:
            first = asyncio.create_task(answer_of(models))
            await server.until(lambda: models.endpoints[0].breaker.rest_seconds > 0)
            answers = await asyncio.gather(first, *[answer_of(models) for _ in range(5)])

        assert [said for said, _ in answers] == ["Yes."] * 6
        assert len(server.requests) == 7
