"""Streams over real sockets: readers that are slow, that leave, that leave by halves."""

import asyncio
import socket
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPResponse

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api.disconnects import remember_connection
from api.protocol import BoundedProtocol
from api.streaming import EventStream, encoded
from api.streams import Streams
from data.errors import ShuttingDown
from data.settings import ApiSettings
from retrieval.deadline import Deadline

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = b'{"text":"%s"}' % (b"x" * 10_000)


@dataclass
class Source:
    """Events without an end, or with a pause before the next one; it knows when it is closed."""

    quiet: bool = False
    seconds: float | None = None
    given: int = 0
    closed: threading.Event = field(default_factory=threading.Event)

    async def events(self) -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield encoded("token", LARGE, self.given)
                self.given += 1
                await (asyncio.Event().wait() if self.quiet else asyncio.sleep(0))
        finally:
            self.closed.set()


@dataclass
class Served:
    address: tuple[str, int]
    server: uvicorn.Server
    source: Source
    streams: Streams
    loop: asyncio.AbstractEventLoop | None = None

    def connect(self) -> socket.socket:
        """Ask for the stream with a socket that holds little."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect(self.address)
        connection.sendall(REQUEST)
        return connection

    def until_nothing_is_open(self) -> None:
        while self.streams.are_open or self.server.server_state.connections:
            pass

    def until_stuck(self) -> None:
        """Return when the server waits for its reader."""
        given = -1
        while given != self.source.given or not given:
            given = self.source.given
            threading.Event().wait(0.1)


@pytest.fixture
def api() -> ApiSettings:
    return ApiSettings(reader_seconds=0.4)


@pytest.fixture
def served(api: ApiSettings) -> Iterator[Served]:
    streams = Streams(api)
    listener = socket.create_server(("127.0.0.1", 0))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        running.loop = asyncio.get_running_loop()
        remember_connection(scope, send)
        seconds = running.source.seconds
        deadline = None if seconds is None else Deadline(seconds)
        await EventStream(running.source.events(), streams, deadline)(scope, receive, send)

    config = uvicorn.Config(
        app,
        http=BoundedProtocol,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    running = Served(listener.getsockname(), server, Source(), streams)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield running
    server.should_exit = True
    thread.join()
    listener.close()


def all_of(connection: socket.socket) -> bytes:
    seen = b""
    with suppress(ConnectionResetError):
        while not seen.endswith(b"0\r\n\r\n") and (piece := connection.recv(65536)):
            seen += piece
    return seen


class TestAReaderThatTakesNothing:
    def test_stops_what_it_costs_and_is_cut_off(self, served: Served) -> None:
        with served.connect():
            assert served.source.closed.wait(10)
            served.until_nothing_is_open()

        assert served.source.given < 1000

    def test_is_told_when_it_reads_again_soon(self, served: Served) -> None:
        with served.connect() as connection:
            assert served.source.closed.wait(10)
            seen = all_of(connection)

        last = seen.rpartition(b"event: ")[2]
        assert last.startswith(b"error\n")
        assert b'"code":"reader_too_slow"' in last
        number = int(last.partition(b"\nid: ")[2].partition(b"\n")[0])
        assert number == seen.count(b"event: token")

    def test_has_no_more_time_than_the_question(self, served: Served) -> None:
        served.source.seconds = 0.1
        with served.connect() as connection:
            assert served.source.closed.wait(10)
            seen = all_of(connection)

        assert b'"code":"deadline_exceeded"' in seen.rpartition(b"event: ")[2]

    @pytest.fixture
    def api(self, request: pytest.FixtureRequest) -> ApiSettings:
        patient = "no_more_time" in request.node.name
        return ApiSettings(reader_seconds=60 if patient else 0.4)


class TestAReaderThatLeaves:
    @pytest.fixture
    def api(self) -> ApiSettings:
        return ApiSettings()

    def test_stops_what_it_costs_while_it_is_waited_for(self, served: Served) -> None:
        with served.connect():
            served.until_stuck()

        assert served.source.closed.wait(10)
        served.until_nothing_is_open()

    def test_stops_what_it_costs_while_it_waits(self, served: Served) -> None:
        served.source.quiet = True
        with served.connect() as connection:
            assert connection.recv(100)

        assert served.source.closed.wait(10)
        served.until_nothing_is_open()

    @pytest.mark.parametrize("quiet", [True, False], ids=["in a silence", "amid its events"])
    def test_with_another_request_behind_it_has_left_as_well(
        self, served: Served, *, quiet: bool
    ) -> None:
        served.source.quiet = quiet
        with served.connect() as connection:
            assert connection.recv(100)
            connection.sendall(REQUEST)

        assert served.source.closed.wait(10)

    def test_by_halves_has_left(self, served: Served) -> None:
        served.source.quiet = True
        with served.connect() as connection:
            assert connection.recv(100)
            connection.shutdown(socket.SHUT_WR)

            assert served.source.closed.wait(10)
            served.until_nothing_is_open()


class TestASilence:
    @pytest.fixture
    def api(self) -> ApiSettings:
        return ApiSettings(keep_alive_comment_seconds=0.05, reader_seconds=0.4)

    def test_is_filled_with_comments_and_ends_no_stream(self, served: Served) -> None:
        served.source.quiet = True
        seen = b""
        with served.connect() as connection:
            while seen.count(b"\n: still here\n\n") < 20:
                seen += connection.recv(65536)

        assert seen.count(b"event: ") == 1


def test_a_stream_ends_with_the_error_that_it_is_given(served: Served) -> None:
    served.source.quiet = True
    with served.connect() as connection:
        seen = connection.recv(100)
        assert served.loop is not None
        served.loop.call_soon_threadsafe(served.streams.end_all, ShuttingDown())
        seen += all_of(connection)

    assert b'"code":"shutting_down"' in seen.rpartition(b"event: ")[2]
    assert served.source.closed.is_set()


def test_a_stream_that_begins_after_the_end_is_refused(served: Served) -> None:
    served.streams.end_all(ShuttingDown())
    with served.connect() as connection:
        answer = HTTPResponse(connection)
        answer.begin()
        body = answer.read()

    assert answer.status == 503
    assert b'"code":"shutting_down"' in body
