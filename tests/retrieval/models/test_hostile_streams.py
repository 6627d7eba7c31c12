"""Endpoints that send anything but an answer, over real HTTP: a clear end, and no more memory."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from contextlib import aclosing
from itertools import chain, repeat
from typing import Any

import pytest

from data.errors import DeadlineExceeded, ModelUnavailable
from retrieval.deadline import Deadline
from retrieval.models.breaker import Circuit
from retrieval.models.model import Finish, Task
from tests.model_server import ModelServer, Script, chunk, event
from tests.retrieval.models.endpoint import all_of, model_at
from tests.retrieval.shelf import Shelf

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
WHOLE = {"choices": [{"message": {"content": "secret"}, "finish_reason": "stop"}]}


def raw(*pieces: bytes, breaks: bool = True) -> Script:
    return Script(pieces, raw=True, breaks=breaks)


def whole_body(kind: str, body: bytes, status: int = 200) -> Script:
    head = f"HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return raw(head.encode() + body)


def said(**delta: Any) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n"


class TestNoAnswer:
    @pytest.mark.parametrize(
        ("script", "words", "requests"),
        [
            (raw(), "can't be reached", 3),
            (raw(b"SSH-2.0-OpenSSH_10.0\r\n\r\n"), "can't be reached", 3),
            (raw(b"HTTP/1.1 200 OK\r\nx: " + b"a" * 2**20), "can't be reached", 3),
            (raw(b"HTTP/1.1 200 OK\r\n" + b"x: a\r\n" * 2**15 + b"\r\n"), "can't be reached", 3),
            (raw(HEAD, b"100\r\ndata: {"), "broke", 1),
            (raw(HEAD + b"no number\r\n"), "can't be reached", 3),
            (raw(HEAD, chunk(event("one")), b"ffff\r\ndata: {"), "broke", 1),
            (raw(HEAD, chunk(event("one")[:-9]), b"0\r\n\r\n"), "not a chat completion", 1),
            (whole_body("text/html", b"<html>secret</html>\n"), "not a chat completion", 1),
            (whole_body("application/json", json.dumps(WHOLE).encode()), "not a chat compl", 1),
            (whole_body("text/event-stream", b""), "not a chat completion", 1),
            (whole_body("text/html", b"secret", 307), "status 307", 1),
            (Script([b"data: " + b"[" * 500_000 + b"\n\n"]), "not a chat completion", 1),
            (Script([b"data: " + b"9" * 500_000 + b"\n\n"]), "not a chat completion", 1),
            (Script([b'data: {"choices": [{"delta": {"content": 7}}]}\n\n']), "not a chat c", 1),
            (Script([event("x" * 10_000_000)]), "endless", 1),
            (Script(chain([b"data: "], repeat(b"x" * 999, 2000))), "endless", 1),
            (Script([said(role="assistant", content=""), said(reasoning="hm")]), "said nothing", 1),
        ],
        ids=[
            "reset at once", "not HTTP", "endless header", "many headers", "half a chunk",
            "no chunk", "half a chunk amid text", "half an event", "a page", "a whole completion",
            "nothing", "elsewhere", "deep", "a long number", "no text", "10 MB at once",
            "a long line", "thoughts only",
        ],
    )  # fmt: skip
    async def test_is_an_error_without_content(
        self, server: ModelServer, shelf: Shelf, script: Script, words: str, requests: int
    ) -> None:
        server.scripts = [script]

        async with model_at(server) as model:
            with pytest.raises(ModelUnavailable, match=f"127.0.0.1:.*{words}") as caught:
                await all_of(model, shelf)
            await server.until(lambda: server.active == 0)

        assert "secret" not in str(caught.value)
        assert len(server.requests) == requests

    async def test_a_redirect_takes_no_key_and_no_passages_elsewhere(
        self, server: ModelServer, shelf: Shelf
    ) -> None:
        async with ModelServer() as elsewhere, model_at(server) as model:
            server.scripts = [
                Script(status=307, headers={"location": f"{elsewhere.base_url}/chat/completions"})
            ]
            with pytest.raises(ModelUnavailable, match="status 307"):
                await all_of(model, shelf)

            assert elsewhere.connections == 0

    async def test_empty_events_are_no_sign_of_life(
        self, server: ModelServer, shelf: Shelf
    ) -> None:
        server.say(*[said(role="assistant", content="")] * 3, asyncio.Event())

        async with model_at(server, first_token_seconds=0.1) as model:
            with pytest.raises(ModelUnavailable, match="silent"):
                await all_of(model, shelf)
            await server.until(lambda: server.active == 0)

    async def test_neither_is_a_head_that_comes_bit_by_bit(
        self, server: ModelServer, shelf: Shelf
    ) -> None:
        server.scripts = [Script(repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), raw=True)]

        async with model_at(server, first_token_seconds=0.2) as model:
            with pytest.raises(ModelUnavailable, match="silent"):
                await all_of(model, shelf)
            await server.until(lambda: server.active == 0)


class TestWithoutEnd:
    async def test_text_is_cut_at_a_length_that_no_answer_has(
        self, server: ModelServer, shelf: Shelf
    ) -> None:
        server.scripts = [Script(repeat("word "))]

        async with model_at(server, max_output_tokens=20) as model:
            text, finish = await all_of(model, shelf)
            await server.until(lambda: server.cancelled == 1)

        assert finish == Finish(truncated=True)
        assert 320 <= len("".join(text)) < 100_000

    @pytest.mark.parametrize(
        "piece", [said(reasoning_content="hm"), event("word ")], ids=["thoughts", "text"]
    )
    async def test_the_deadline_ends_it(
        self, server: ModelServer, shelf: Shelf, piece: bytes
    ) -> None:
        server.scripts = [Script(repeat(piece))]

        async with model_at(server, max_output_tokens=10**9) as model:
            with pytest.raises(DeadlineExceeded):
                await all_of(model, shelf, seconds=0.3)
            await server.until(lambda: server.cancelled == 1)

            assert model.breaker.state is Circuit.CLOSED

    @pytest.mark.parametrize(
        "piece", [said(role="assistant", content=""), b": still here\n\n", b"\n", b"id: 1\n"]
    )
    async def test_silence_amid_tokens_ends_it_however_much_comes(
        self, server: ModelServer, shelf: Shelf, piece: bytes
    ) -> None:
        server.scripts = [Script(chain(["one"], repeat(piece)))]

        async with model_at(server, between_tokens_seconds=0.2) as model:
            with pytest.raises(ModelUnavailable, match="silent"):
                await all_of(model, shelf)
            await server.until(lambda: server.cancelled == 1)

    async def test_what_nobody_reads_stays_with_the_endpoint(self, server: ModelServer) -> None:
        sent = 0

        def pieces() -> Iterator[bytes]:
            nonlocal sent
            while True:
                sent += 1
                yield event("x" * 10_000)

        async def until_it_stands() -> None:
            before = -1
            while sent > before:
                before = sent
                await asyncio.sleep(0.3)

        server.scripts = [Script(pieces())]

        async with (
            model_at(server, max_output_tokens=10**9) as model,
            aclosing(model.write(Task("?", ()), Deadline(30))) as reading,
        ):
            await anext(reading)
            await asyncio.wait_for(until_it_stands(), 10)

        assert server.completed == 0

    async def test_the_deadline_holds_for_a_slow_reader_too(self, server: ModelServer) -> None:
        server.scripts = [Script(repeat("word "))]

        async def read() -> None:
            async with aclosing(model.write(Task("?", ()), Deadline(0.3))) as pieces:
                async for _ in pieces:
                    await asyncio.sleep(0.02)

        async with model_at(server, max_output_tokens=10**9) as model:
            with pytest.raises(DeadlineExceeded):
                await read()
            await server.until(lambda: server.cancelled == 1)


class TestOddButWhole:
    async def test_bytes_that_are_no_text_spoil_no_more_than_themselves(
        self, server: ModelServer, shelf: Shelf
    ) -> None:
        server.say(event("ok ab ").replace(b"ab", b"\xe2\x82"), "end")

        async with model_at(server) as model:
            text, _ = await all_of(model, shelf)

        assert "".join(text) == "ok \ufffd end"

    async def test_content_may_come_in_parts(self, server: ModelServer, shelf: Shelf) -> None:
        parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "Yes."}]
        server.say(said(content=parts))

        async with model_at(server) as model:
            assert (await all_of(model, shelf))[0] == ["Yes."]

    @pytest.mark.parametrize(
        "tail", [b"", b"0\r\n\r\n", chunk(b": bye\n\n")],
        ids=["cut", "ended", "silent"],
    )  # fmt: skip
    async def test_an_answer_that_said_why_it_stopped_is_whole(
        self, server: ModelServer, shelf: Shelf, tail: bytes
    ) -> None:
        pieces = [chunk(event("Yes.")), chunk(event(None, "stop")), tail]
        server.scripts = [raw(HEAD, *pieces, breaks=not tail)]

        async with model_at(server) as model, asyncio.timeout(20):
            text, finish = await all_of(model, shelf, seconds=60)
            await server.until(lambda: server.active == 0)

        assert (text, finish) == (["Yes."], Finish())

    async def test_the_last_line_may_lack_its_end(self, server: ModelServer, shelf: Shelf) -> None:
        last = json.dumps({"choices": [{"delta": {"content": "!"}, "finish_reason": "stop"}]})
        server.scripts = [
            raw(HEAD, chunk(event("Yes")), chunk(b"data: " + last.encode()), b"0\r\n\r\n")
        ]

        async with model_at(server) as model:
            assert "".join((await all_of(model, shelf))[0]) == "Yes!"

    async def test_a_packed_body_is_unpacked(self, server: ModelServer, shelf: Shelf) -> None:
        body = gzip.compress(event("Yes.") + event(None, "stop") + b"data: [DONE]\n\n")
        head = HEAD.replace(b"\r\n\r\n", b"\r\ncontent-encoding: gzip\r\n\r\n")
        server.scripts = [raw(head, chunk(body), b"0\r\n\r\n", breaks=False)]

        async with model_at(server) as model:
            assert (await all_of(model, shelf))[0] == ["Yes."]
