"""A provider through LangChain, its own package over real HTTP: the same promises."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from data.errors import DeadlineExceeded, ModelUnavailable, SetupError
from data.model_settings import ModelSettings
from retrieval.deadline import Deadline
from retrieval.models.breaker import Circuit
from retrieval.models.langchain import LangChainModel
from retrieval.models.model import Finish, Task
from retrieval.models.opening import opened_models
from retrieval.passages import Turn
from tests.model_server import ModelServer, Script
from tests.retrieval.models.chain import Quoting

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def model_at(server: ModelServer, **settings: Any) -> AsyncIterator[LangChainModel]:
    given = {"provider": "openai", "base_url": server.base_url, "name": "m", **settings}
    async with LangChainModel.opened(ModelSettings(api_key=SecretStr("k"), **given)) as model:
        yield model


async def all_of(model: LangChainModel, seconds: float = 10) -> tuple[str, Finish]:
    said = ""
    async with aclosing(model.write(Task("How much?", ()), Deadline(seconds))) as pieces:
        async for piece in pieces:
            if isinstance(piece, Finish):
                return said, piece
            said += piece
    raise AssertionError("no finish")


class TestStreaming:
    async def test_gives_the_text_as_it_comes(self, server: ModelServer) -> None:
        more = asyncio.Event()
        server.say("It ", more, "grew\ud83c")

        async with (
            model_at(server) as model,
            aclosing(model.write(Task("?", ()), Deadline(10))) as pieces,
        ):
            assert await anext(pieces) == "It "
            more.set()
            assert await anext(pieces) == "grew\ufffd"

        assert server.headers[0]["authorization"] == "Bearer k"
        assert server.requests[0]["max_completion_tokens"] == 1024
        assert server.requests[0]["messages"][0]["role"] == "system"

    async def test_says_what_it_cost_and_that_it_was_cut_off(self, server: ModelServer) -> None:
        server.say("It gr", finish_reason="length")

        async with model_at(server) as model:
            said, finish = await all_of(model)

        assert (said, finish.truncated) == ("It gr", True)

    async def test_says_what_a_follow_up_means(self, server: ModelServer) -> None:
        server.say("What was it in 2021?")

        async with model_at(server) as model:
            assert (
                await model.rewrite("and 2021?", (Turn("user", "What?"),), Deadline(10))
                == "What was it in 2021?"
            )

        assert server.requests[0]["max_completion_tokens"] == 64


class TestLeaving:
    @pytest.mark.parametrize("before", [[], ["one"]], ids=["before the first token", "after it"])
    async def test_cancelling_the_reader_stops_the_generation(
        self, server: ModelServer, before: list[str]
    ) -> None:
        server.say(*before, asyncio.Event())

        async with model_at(server) as model:
            reader = asyncio.create_task(all_of(model))
            await server.until(lambda: server.active == 1)
            await asyncio.sleep(0.05)
            reader.cancel()
            await asyncio.wait({reader})
            await server.until(lambda: server.cancelled == 1)

        assert reader.cancelled()

    async def test_closing_the_answer_stops_the_generation(self, server: ModelServer) -> None:
        server.say("one", asyncio.Event())

        async with model_at(server) as model:
            async with aclosing(model.write(Task("?", ()), Deadline(5))) as pieces:
                await anext(pieces)
            await server.until(lambda: server.cancelled == 1)


class TestFailing:
    @pytest.mark.parametrize(
        ("script", "words", "requests"),
        [
            (Script(status=500), "status 500", 3),
            (Script(status=401, body=b"secret"), "status 401", 1),
            (Script(["one"], breaks=True), "broke", 1),
            (Script(raw=True, breaks=True), "can't be reached", 3),
            (Script(), "said nothing", 1),
        ],
        ids=["500", "401", "cut", "reset", "nothing said"],
    )
    async def test_is_an_error_without_content(
        self, server: ModelServer, script: Script, words: str, requests: int
    ) -> None:
        server.scripts = [script]

        async with model_at(server) as model:
            with pytest.raises(ModelUnavailable, match=f"model at openai .*{words}") as caught:
                await all_of(model)

        assert "secret" not in str(caught.value)
        assert len(server.requests) == requests

    async def test_retry_after_is_obeyed(self, server: ModelServer) -> None:
        server.scripts = [Script(status=429, headers={"retry-after": "30"})]

        async with model_at(server) as model:
            for _ in range(2):
                with pytest.raises(ModelUnavailable) as caught:
                    await all_of(model)
                assert 25 <= caught.value.retry_after_seconds <= 30

        assert len(server.requests) == 1

    @pytest.mark.parametrize("before", [[], ["one"]], ids=["before the first token", "after it"])
    async def test_a_silent_one_is_given_up(self, server: ModelServer, before: list[str]) -> None:
        server.say(*before, asyncio.Event())

        async with model_at(
            server, first_token_seconds=0.5, between_tokens_seconds=0.2, breaker_failures=1
        ) as model:
            with pytest.raises(ModelUnavailable, match="silent"):
                await all_of(model)
            await server.until(lambda: server.active == 0)

            assert model.breaker.state is Circuit.OPEN

    async def test_the_deadline_ends_it(self, server: ModelServer) -> None:
        server.say("one", asyncio.Event())

        async with model_at(server) as model:
            with pytest.raises(DeadlineExceeded):
                await all_of(model, seconds=0.5)
            await server.until(lambda: server.active == 0)

    async def test_the_next_one_answers_instead(self, server: ModelServer) -> None:
        server.scripts = [Script(status=500)]
        settings = ModelSettings(
            provider="openai", base_url=server.base_url, name="m", api_key=SecretStr("k")
        )

        async with opened_models(settings, Quoting(), lambda *_: None) as models:
            pieces = models.askable[0].write(Task("How much?", ()), Deadline(5))
            assert [piece async for piece in pieces] == [
                "“How much?”",
                Finish(model="extractive", degraded=True),
            ]


class TestOpening:
    @pytest.mark.parametrize(
        ("settings", "loads"),
        [("base_url='http://x/v1'", False), ("provider='openai', name='m', api_key='k'", True)],
        ids=["an endpoint", "a provider"],
    )
    def test_langchain_is_loaded_for_a_provider_only(self, settings: str, *, loads: bool) -> None:
        program = (
            "import asyncio, sys\n"
            "from data.model_settings import ModelSettings\n"
            "from retrieval.models.opening import opened_models\n"
            "async def main():\n"
            f"    async with opened_models(ModelSettings({settings}), None, lambda *_: None):\n"
            "        print('langchain' in sys.modules, 'torch' in sys.modules)\n"
            "asyncio.run(main())"
        )

        said = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout

        assert said.split() == [str(loads), "False"]

    @pytest.mark.parametrize(
        ("provider", "words"),
        [("anthropic", "langchain-anthropic"), ("nobody", "“nobody”")],
    )
    async def test_a_provider_that_is_not_here_is_named(self, provider: str, words: str) -> None:
        with pytest.raises(SetupError, match=words):
            async with LangChainModel.opened(ModelSettings(provider=provider, name="m")):
                pass
