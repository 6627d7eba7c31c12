"""Conversations when the server is told to stop."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from data.settings import Settings
from tests.api.test_draining import Running, running


@contextmanager
def conversation(server: Running) -> Iterator[ClientConnection]:
    port = server.listener.getsockname()[1]
    key = server.client.headers["Authorization"].removeprefix("Bearer ")
    with connect(f"ws://127.0.0.1:{port}/v1/chat", proxy=None) as socket:
        say(socket, type="auth", key=key)
        yield socket


def say(socket: ClientConnection, **message: object) -> None:
    socket.send(json.dumps(message))


def hear(socket: ClientConnection) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(socket.recv(timeout=30))
    return told


def hear_the_end(socket: ClientConnection, identity: str) -> dict[str, Any]:
    """Return the last message about a question."""
    while (told := hear(socket))["id"] != identity or told["type"] not in ("done", "error"):
        pass
    return told


def test_let_their_questions_end_and_take_no_more(settings: Settings) -> None:
    with running(settings) as server:
        with conversation(server) as socket:
            say(socket, type="ask", id="short", question="1.5")
            say(socket, type="ask", id="endless", question="600")
            assert {hear(socket)["type"] for _ in range(2)} == {"accepted"}
            server.stop()
            say(socket, type="ask", id="late", question="0")
            late = hear_the_end(socket, "late")
            short = hear_the_end(socket, "short")
            endless = hear_the_end(socket, "endless")
            with pytest.raises(ConnectionClosed) as closed:
                hear(socket)
        said = server.ended()

    assert late["error"]["code"] == "shutting_down"
    assert short["type"] == "done"
    assert endless["error"]["code"] == "shutting_down"
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1012
    assert "Traceback" not in said


def test_that_are_idle_hold_nothing_up(settings: Settings) -> None:
    with running(settings, grace=600) as server:
        with conversation(server) as socket:
            server.stop()
            with pytest.raises(ConnectionClosed):
                hear(socket)
        said = server.ended()

    assert "Traceback" not in said


def test_that_come_late_are_told_to_try_again(settings: Settings) -> None:
    with running(settings) as server:
        with server.asked(2.0) as answer:
            server.stop()
            with pytest.raises(InvalidStatus) as refused, conversation(server):
                pass
            assert [name for name, _ in answer][-1] == "done"
        server.ended()

    response = refused.value.response
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert json.loads(response.body)["error"]["code"] == "shutting_down"
