"""A head without an end is refused before it costs anything."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPResponse

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from api.protocol import MOST_HEAD_BYTES, BoundedProtocol


async def greeting(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await PlainTextResponse(f"{len(scope['headers'])} headers")(scope, receive, send)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    config = uvicorn.Config(
        greeting, port=0, http=BoundedProtocol, log_level="warning", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[:2]
    server.should_exit = True
    thread.join(20)


def answer_to(address: tuple[str, int], *pieces: bytes) -> bytes:
    """Send pieces one after the other, and return all that is answered."""
    with socket.create_connection(address, timeout=20) as client:
        try:
            for piece in pieces:
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)
        except OSError:  # it answered and closed
            pass
        answer = b""
        try:
            while more := client.recv(65536):
                answer += more
        except ConnectionResetError:
            pass
        return answer


HEAD = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"


@pytest.mark.parametrize("lines", [1, 1000], ids=["one long header", "many headers"])
def test_an_endless_head_is_refused(address: tuple[str, int], lines: int) -> None:
    size = 8 * MOST_HEAD_BYTES // lines
    endless = [b"x-%d: %b\r\n" % (line, b"a" * size) for line in range(lines)]

    answer = answer_to(address, HEAD, *endless)

    # Reset before it could be read, or told.
    if answer:
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 431 ")
        assert json.loads(body)["error"]["code"] == "request_too_large"


def test_heads_of_a_usual_size_pass_one_after_the_other(address: tuple[str, int]) -> None:
    head = b"GET / HTTP/1.1\r\nhost: x\r\nx-long: %b\r\n\r\n" % (b"a" * (MOST_HEAD_BYTES // 2))

    with socket.create_connection(address, timeout=20) as client:
        for _ in range(4):
            client.sendall(head[:100])
            time.sleep(0.01)
            client.sendall(head[100:])
            answer = HTTPResponse(client)
            answer.begin()
            answer.read()
            assert answer.status == 200


def test_a_long_body_is_no_head(address: tuple[str, int]) -> None:
    size = 4 * MOST_HEAD_BYTES
    head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % size

    assert answer_to(address, head, b"a" * size).startswith(b"HTTP/1.1 200 OK")


def test_a_head_that_comes_whole_is_too_long_all_the_same(address: tuple[str, int]) -> None:
    lines = [b"x-%d: %b\r\n" % (line, b"a" * 100) for line in range(MOST_HEAD_BYTES // 100)]

    answer = answer_to(address, b"".join([HEAD, *lines, b"\r\n"]))

    assert answer.startswith(b"HTTP/1.1 431 ")


def test_a_short_head_may_follow_a_long_body_at_once(address: tuple[str, int]) -> None:
    size = 4 * MOST_HEAD_BYTES
    first = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % size

    answer = answer_to(address, b"".join([first, b"a" * size, HEAD, b"\r\n"]))

    assert answer.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize("lines", [1, 1000], ids=["one long trailer", "many trailers"])
def test_endless_trailers_end_the_connection(address: tuple[str, int], lines: int) -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    size = 64 * MOST_HEAD_BYTES // lines
    trailers = [b"x-%d: %b\r\n" % (line, b"a" * size) for line in range(lines)]

    with (
        socket.create_connection(address, timeout=20) as client,
        suppress(ConnectionError),  # or it is closed in order; otherwise this takes too long
    ):
        client.sendall(head + b"1\r\na\r\n0\r\n")
        for trailer in trailers:
            client.sendall(trailer)
        while client.recv(65536):
            pass
