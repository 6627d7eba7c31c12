"""What becomes of a model whose endpoint fails, over real HTTP."""

import asyncio
import contextlib
import gc
import socket
import struct
from contextlib import aclosing

import pytest

from data.errors import DeadlineExceeded, ModelUnavailable, SetupError
from data.model_settings import ModelSettings
from retrieval.deadline import Deadline
from retrieval.models.model import Finish, Task
from retrieval.models.openai import OpenAIModel
from tests.model_server import ModelServer, Script
from tests.retrieval.models.endpoint import all_of, model_at
from tests.retrieval.shelf import Shelf


class TestFailing:
    @pytest.mark.parametrize(
        ("script", "words"),
        [
            (Script(["one"], breaks=True), "broke"),
            (Script(["one"], finish_reason=None), "broke off"),
            (Script([b"data: {nonsense\n\n"]), "not a chat completion"),
            (Script([b"data: [1]\n\n"]), "not a chat completion"),
            (Script([b"data: " + b'{"error": {"message": "secret"}}' + b"\n\n"]), "an error"),
            (Script([b"x" * 2**20, b"y"]), "endless"),
            (Script(status=401, body=b"secret"), "status 401"),
            (Script(status=400, body=b"secret"), "status 400"),
        ],
        ids=["cut", "no end", "no json", "no object", "error event", "endless", "401", "400"],
    )
    async def test_is_an_error_that_names_the_endpoint_and_no_content(
        self, server: ModelServer, shelf: Shelf, script: Script, words: str
    ) -> None:
        server.scripts = [script]

        async with model_at(server) as model:
            with pytest.raises(ModelUnavailable, match=f"127.0.0.1:.*{words}") as caught:
                await all_of(model, shelf)

        assert "secret" not in str(caught.value)
        assert len(server.requests) == 1

    async def test_a_busy_endpoint_is_asked_again(self, server: ModelServer, shelf: Shelf) -> None:
        busy = Script(status=429, headers={"retry-after": "0.01"})
        server.scripts = [busy, Script(status=503), Script(["Yes."])]

        async with model_at(server) as model:
            said, _ = await all_of(model, shelf)

        assert said == ["Yes."]
        assert len(server.requests) == 3

    async def test_an_endpoint_that_stays_busy_is_given_up(
        self, server: ModelServer, shelf: Shelf
    ) -> None:
        server.scripts = [Script(status=500)]

        async with model_at(server) as model:
            with pytest.raises(ModelUnavailable, match="status 500"):
                await all_of(model, shelf)

        assert len(server.requests) == 3

    async def test_nobody_waits_longer_than_there_is_time(
        self, server: ModelServer, shelf: Shelf
    ) -> None:
        server.scripts = [Script(status=429, headers={"retry-after": "30"})]

        async with model_at(server) as model:
            with pytest.raises(ModelUnavailable, match="status 429"):
                await all_of(model, shelf)

        assert len(server.requests) == 1

    async def test_an_endpoint_that_is_not_there_is_named(
        self, server: ModelServer, shelf: Shelf
    ) -> None:
        async with model_at(server, base_url="http://user:pw@127.0.0.1:1/v1") as model:
            with pytest.raises(ModelUnavailable) as caught:
                await all_of(model, shelf)

        assert str(caught.value) == "The model at 127.0.0.1:1 can't be reached."

    async def test_one_that_takes_no_connections_is_not_waited_for(
        self, server: ModelServer, shelf: Shelf
    ) -> None:
        with contextlib.ExitStack() as stack:
            full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
            for _ in range(3):  # its line is full: the next one hangs
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(full.getsockname())
            address = f"http://127.0.0.1:{full.getsockname()[1]}/v1"

            async with model_at(server, base_url=address, connect_seconds=0.1) as model:
                with pytest.raises(ModelUnavailable, match="can't be reached"):
                    await all_of(model, shelf)

    @pytest.mark.parametrize("status", [400, 422])
    async def test_an_endpoint_without_usage_works_all_the_same(
        self, server: ModelServer, shelf: Shelf, status: int
    ) -> None:
        refusal = Script(status=status, body=b'{"error": "unknown field: stream_options"}')
        server.scripts = [refusal, Script(["Yes."])]

        async with model_at(server) as model:
            said, finish = await all_of(model, shelf)
            await all_of(model, shelf)

        assert (said, finish) == (["Yes."], Finish())
        assert ["stream_options" in request for request in server.requests] == [True, False, False]

    @pytest.mark.parametrize(
        ("settings", "before"),
        [({"first_token_seconds": 0.2}, []), ({"between_tokens_seconds": 0.2}, ["one"])],
        ids=["before the first token", "after it"],
    )
    async def test_a_silent_endpoint_is_given_up(
        self, server: ModelServer, shelf: Shelf, settings: dict[str, float], before: list[str]
    ) -> None:
        server.say(*before, asyncio.Event())

        async with model_at(server, **settings) as model:
            with pytest.raises(ModelUnavailable, match="silent"):
                await all_of(model, shelf)
            await server.until(lambda: server.active == 0)

    async def test_a_slow_reader_is_not_a_silent_endpoint(self, server: ModelServer) -> None:
        loop = asyncio.get_running_loop()
        second, third = asyncio.Event(), asyncio.Event()
        server.say("one", second, "two", third, "three")

        async with (
            model_at(server, between_tokens_seconds=0.4) as model,
            aclosing(model.write(Task("?", ()), Deadline(5))) as pieces,
        ):
            assert await anext(pieces) == "one"
            for more, text in ((second, "two"), (third, "three")):
                await asyncio.sleep(0.5)
                loop.call_later(0.02, more.set)
                assert await anext(pieces) == text

    async def test_a_long_answer_is_not_a_silent_endpoint(
        self, server: ModelServer, shelf: Shelf
    ) -> None:
        loop = asyncio.get_running_loop()
        pauses = [asyncio.Event() for _ in range(5)]
        server.say(*(piece for pause in pauses for piece in (pause, "word ")))
        for number, pause in enumerate(pauses):
            loop.call_later(0.35 * number, pause.set)

        async with model_at(server, between_tokens_seconds=1) as model:
            said, _ = await all_of(model, shelf)

        assert said == ["word "] * 5

    async def test_a_connection_that_is_reset_is_told_to_who_reads_and_to_nobody_else(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            writer.write(head + b"transfer-encoding: chunked\r\n\r\n")
            await writer.drain()
            connection = writer.get_extra_info("socket")
            # Closed so, it is reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as endpoint:
            host, port = endpoint.sockets[0].getsockname()
            settings = ModelSettings(base_url=f"http://{host}:{port}/v1", name="m")
            async with OpenAIModel.opened(settings) as model:
                with pytest.raises(ModelUnavailable):
                    await anext(model.write(Task("?", ()), Deadline(5)))
        gc.collect()

        assert "never retrieved" not in caplog.text

    async def test_comments_are_no_sign_of_life(self, server: ModelServer, shelf: Shelf) -> None:
        server.say(*[b": working\n\n"] * 3, asyncio.Event())

        async with model_at(server, first_token_seconds=0.05, between_tokens_seconds=60) as model:
            with pytest.raises(ModelUnavailable, match="silent"):
                await all_of(model, shelf)

    async def test_the_deadline_ends_a_stream_that_goes_on(
        self, server: ModelServer, shelf: Shelf
    ) -> None:
        server.say("one", asyncio.Event())

        async with model_at(server) as model:
            with pytest.raises(DeadlineExceeded):
                await all_of(model, shelf, seconds=0.2)
            await server.until(lambda: server.active == 0)

    async def test_needs_an_address(self) -> None:
        with pytest.raises(SetupError, match="FOOTNOTE_MODEL__BASE_URL"):
            async with OpenAIModel.opened(ModelSettings()):
                pass
