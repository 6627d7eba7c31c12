"""When a model is away the next one answers, over real HTTP."""

import asyncio
from contextlib import aclosing

import pytest

from data.errors import DeadlineExceeded, ModelUnavailable
from data.model_settings import EndpointSettings, ModelSettings
from retrieval.deadline import Deadline
from retrieval.models.model import Finish, Task
from retrieval.models.opening import opened_models
from tests.model_server import ModelServer, Script
from tests.retrieval.models.chain import NOWHERE, TURNS, Quoting, answer_of, models_at


def degraded(name: str) -> Finish:
    return Finish(model=name, degraded=True)


class TestFallingBack:
    async def test_the_first_one_answers_while_it_can(
        self, server: ModelServer, second: ModelServer
    ) -> None:
        server.say("From the first.", usage=None)

        async with models_at(server.base_url, second.base_url) as models:
            assert await answer_of(models) == ("From the first.", Finish())

        assert second.requests == []

    @pytest.mark.parametrize(
        "script",
        [
            Script(status=500),
            Script(status=401),
            Script(status=429, headers={"retry-after": "20"}),
            Script([b"data: {nonsense\n\n"]),
            Script(breaks=True),
            Script(raw=True, breaks=True),
            Script([b"<html></html>\n"], finish_reason=None),
            Script(),
        ],
        ids=["500", "401", "429", "garbage", "cut", "reset", "a page", "nothing said"],
    )
    async def test_the_next_one_answers_when_it_does_not_begin(
        self, server: ModelServer, second: ModelServer, script: Script
    ) -> None:
        server.scripts = [script]

        async with models_at(server.base_url, second.base_url) as models:
            said, finish = await answer_of(models)

        assert said == "From the second."
        assert (finish.model, finish.degraded) == ("m1", True)
        assert finish.usage["total_tokens"] == 10

    async def test_after_the_first_word_nobody_else_is_asked(
        self, server: ModelServer, second: ModelServer
    ) -> None:
        server.say("one", breaks=True)

        async with models_at(server.base_url, second.base_url) as models:
            with pytest.raises(ModelUnavailable, match="broke"):
                await answer_of(models)

        assert second.requests == []

    async def test_quotes_come_last(self, server: ModelServer) -> None:
        server.scripts = [Script(status=500)]

        async with models_at(NOWHERE, server.base_url) as models:
            assert await answer_of(models) == ("“How much?”", degraded("extractive"))

    async def test_who_quotes_is_told_what_a_follow_up_means(self) -> None:
        async with models_at(NOWHERE) as models:
            said, _ = await answer_of(models, history=TURNS, query="What was revenue in 2021?")

        assert said == "“What was revenue in 2021?”"

    async def test_quotes_are_not_for_those_who_do_not_want_them(self) -> None:
        async with models_at(NOWHERE, fall_back_to_extractive=False) as models:
            with pytest.raises(ModelUnavailable, match="can't be reached"):
                await answer_of(models)

    async def test_without_an_endpoint_there_are_only_quotes(self) -> None:
        async with opened_models(ModelSettings(), Quoting(), lambda *_: None) as models:
            assert [one.name for one in models.askable] == ["extractive"]
            assert await answer_of(models) == ("“How much?”", Finish())

    async def test_leaving_stops_the_one_that_answers(
        self, server: ModelServer, second: ModelServer
    ) -> None:
        server.scripts = [Script(status=500)]
        second.say("one", asyncio.Event())

        async with models_at(server.base_url, second.base_url) as models:
            pieces = models.askable[0].write(Task("?", ()), Deadline(10))
            async with aclosing(pieces):
                await anext(pieces)
            await second.until(lambda: second.cancelled == 1)


class TestTime:
    async def test_one_that_hangs_leaves_the_others_their_share(
        self, server: ModelServer, second: ModelServer
    ) -> None:
        server.say(asyncio.Event())

        async with models_at(server.base_url, second.base_url) as models:
            said, _ = await answer_of(models, seconds=1)
            await server.until(lambda: server.cancelled == 1)

        assert said == "From the second."

    async def test_the_share_of_each_is_the_same(
        self, server: ModelServer, second: ModelServer
    ) -> None:
        more = asyncio.Event()
        server.say(asyncio.Event())
        second.say(more, "Slowly.")

        async with models_at(server.base_url, second.base_url) as models:
            answer = asyncio.create_task(answer_of(models, seconds=2))
            await second.until(lambda: second.active == 1)
            asyncio.get_running_loop().call_later(0.4, more.set)
            assert (await answer)[0] == "Slowly."

    async def test_one_that_thinks_for_ever_does_too(
        self, server: ModelServer, second: ModelServer
    ) -> None:
        thought = b'data: {"choices": [{"delta": {"reasoning": "hm"}}]}\n\n'
        server.say(*[thought] * 3, asyncio.Event())

        async with models_at(server.base_url, second.base_url) as models:
            assert (await answer_of(models, seconds=1))[0] == "From the second."

    async def test_all_that_hang_leave_enough_for_quotes(
        self, server: ModelServer, second: ModelServer
    ) -> None:
        server.say(asyncio.Event())
        second.say(asyncio.Event())

        async with models_at(server.base_url, second.base_url) as models:
            assert (await answer_of(models, seconds=1))[1] == degraded("extractive")

    async def test_once_it_writes_all_of_the_time_is_its_own(self, server: ModelServer) -> None:
        more = asyncio.Event()
        server.say("one", more, " two")

        async with models_at(server.base_url, server.base_url, first_token_seconds=0.2) as models:
            asyncio.get_running_loop().call_later(0.8, more.set)
            assert (await answer_of(models, seconds=5))[0] == "one two"

    async def test_the_last_one_has_all_that_is_left(self, server: ModelServer) -> None:
        server.say(asyncio.Event())

        async with models_at(NOWHERE, server.base_url, fall_back_to_extractive=False) as models:
            with pytest.raises(DeadlineExceeded):
                await answer_of(models, seconds=1.5)


class TestNames:
    @pytest.mark.parametrize("name", ["m0", "m1"])
    async def test_who_names_a_model_gets_that_one_only(
        self, server: ModelServer, second: ModelServer, name: str
    ) -> None:
        server.scripts = second.scripts = [Script(status=500)]

        async with models_at(server.base_url, second.base_url) as models:
            (named,) = [one for one in models.askable[1:] if one.name == name]
            with pytest.raises(ModelUnavailable, match="status 500"):
                await anext(named.write(Task("?", ()), Deadline(5)))

        asked = {"m0": server, "m1": second}
        assert [bool(one.requests) for one in asked.values()] == [name == other for other in asked]

    async def test_the_same_model_in_two_places_is_one(
        self, server: ModelServer, second: ModelServer
    ) -> None:
        server.scripts = [Script(status=500)]
        other = EndpointSettings(base_url=second.base_url, name="m0")

        async with models_at(server.base_url, fallbacks=(other,)) as models:
            _, named, _ = models.askable
            pieces = [piece async for piece in named.write(Task("?", ()), Deadline(5))]

        assert [one.name for one in models.askable] == ["m0", "m0", "extractive"]
        assert pieces[0] == "From the second."
