"""A busy event loop takes all clients that wait, not one each time around."""

import asyncio
import errno
import socket
import time
from collections.abc import Iterator
from typing import cast

import pytest

from api.loop import EagerLoop, EagerServer

CLIENTS = 12


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


class Greeting(asyncio.Protocol):
    """Says hello, and counts whom."""

    def __init__(self, greeted: list[asyncio.BaseTransport]) -> None:
        self._greeted = greeted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._greeted.append(transport)
        cast(asyncio.WriteTransport, transport).write(b"hello")


def connected(listening: socket.socket) -> list[socket.socket]:
    return [socket.create_connection(listening.getsockname()) for _ in range(CLIENTS)]


def run(work: object) -> None:
    with asyncio.Runner(loop_factory=EagerLoop) as runner:
        runner.run(work)  # type: ignore[arg-type]  # a coroutine, as its callers show


def test_all_who_wait_are_let_in_at_once(listening: socket.socket) -> None:
    greeted: list[asyncio.BaseTransport] = []

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Greeting(greeted), sock=listening)
        clients = connected(listening)
        rounds = 0
        while len(greeted) < CLIENTS:
            rounds += 1
            assert rounds <= 6  # one connection a round would take twelve
            time.sleep(0.01)  # noqa: ASYNC251 - a busy loop
            await asyncio.sleep(0)
        for client in clients:
            assert client.recv(5) == b"hello"
            client.close()
        server.close()
        await server.wait_closed()

    run(serve())


def test_nobody_is_let_in_after_the_close(listening: socket.socket) -> None:
    greeted: list[asyncio.BaseTransport] = []

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Greeting(greeted), sock=listening)
        server.close()
        clients = connected(listening)
        await asyncio.sleep(0.05)
        for client in clients:
            client.close()
        await server.wait_closed()

    run(serve())

    assert greeted == []


class Exhausted:
    """A listening socket of a process that may open no more files, for a while."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self.refusals = 2

    def accept(self) -> tuple[socket.socket, object]:
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return self._listening.accept()

    def __getattr__(self, name: str) -> object:
        return getattr(self._listening, name)


def test_without_a_file_to_open_clients_wait_until_there_is_one(listening: socket.socket) -> None:
    greeted: list[asyncio.BaseTransport] = []
    exhausted = Exhausted(listening)

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = EagerServer(loop, lambda: Greeting(greeted), exhausted, 100)  # type: ignore[arg-type]  # as good as one
        clients = connected(listening)
        async with asyncio.timeout(10):
            while len(greeted) < CLIENTS:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
        for client in clients:
            client.close()
        server.close()
        await server.wait_closed()

    run(serve())

    assert exhausted.refusals == 0
