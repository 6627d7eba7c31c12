"""Clients that leave, at every moment of an answer, and what is counted of how answers end."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from data.errors import ModelUnavailable
from data.settings import AnswerSettings, Settings
from tests.api.test_answers import ASK, request_of

if TYPE_CHECKING:
    from tests.api.conftest import Service

Address = tuple[str, int]


def until(is_so: Callable[[], Any]) -> None:
    while not is_so():
        pass


@contextmanager
def asked(address: Address, service: "Service", **fields: object) -> Iterator[socket.socket]:
    """Ask over a socket, and leave at the end of the block."""
    body = json.dumps({**ASK, **fields}).encode()
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(request_of(service, "/v1/ask", body))
        yield connection


def outcome(remote: httpx.Client, name: str) -> float:
    """Return how many answers ended so."""
    start = f'footnote_answers_total{{outcome="{name}"}} '
    lines = remote.get("/metrics").text.splitlines()
    return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    answers = AnswerSettings(max_running=1, max_waiting=1)
    return settings.model_copy(update={"answers": answers})


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("stream", [True, False])
class TestAClientThatLeaves:
    def test_the_line_makes_room_in_it(
        self, address: Address, remote: httpx.Client, service: "Service", stream: bool
    ) -> None:
        def limits() -> tuple[int, int]:
            found = remote.get("/v1/admin/status").json()["limits"]
            return found["answers_running"], found["answers_waiting"]

        service.model.hangs = True
        with asked(address, service):
            assert service.model.started.wait(10)
            with asked(address, service, stream=stream):
                until(lambda: limits() == (1, 1))
            until(lambda: limits() == (1, 0))
            assert not service.model.stopped.is_set()

    def test_during_the_search_stops_it(
        self, address: Address, remote: httpx.Client, service: "Service", stream: bool
    ) -> None:
        service.searcher.wait = asyncio.Event()
        with asked(address, service, stream=stream):
            until(lambda: service.searcher.asked)

        assert service.searcher.cancelled.wait(10)
        until(lambda: outcome(remote, "left") == 1)
        assert not service.model.started.is_set()

    def test_before_the_first_token_stops_the_model(
        self, address: Address, remote: httpx.Client, service: "Service", stream: bool
    ) -> None:
        service.model.pieces = []
        service.model.hangs = True
        with asked(address, service, stream=stream):
            assert service.model.started.wait(10)

        assert service.model.stopped.wait(10)
        until(lambda: outcome(remote, "left") == 1)

    def test_by_halves_stops_the_model_as_well(
        self, address: Address, remote: httpx.Client, service: "Service", stream: bool
    ) -> None:
        service.model.hangs = True
        with asked(address, service, stream=stream) as connection:
            assert service.model.started.wait(10)
            connection.shutdown(socket.SHUT_WR)

            assert service.model.stopped.wait(10)
            until(lambda: outcome(remote, "left") == 1)


class TestHowAnswersEnd:
    def test_is_counted(self, remote: httpx.Client, service: "Service", ready: str) -> None:
        assert ready
        remote.post("/v1/ask", json=ASK)
        remote.post("/v1/ask", json={**ASK, "stream": False})
        service.model.error = ModelUnavailable()
        remote.post("/v1/ask", json=ASK)
        service.searcher.passages = ()
        remote.post("/v1/ask", json=ASK)

        names = ("done", "abstained", "model_unavailable", "left")
        assert [outcome(remote, name) for name in names] == [2, 1, 1, 0]


class TestServerTiming:
    def test_says_how_long_the_stages_took(
        self, remote: httpx.Client, service: "Service", ready: str
    ) -> None:
        service.find(ready)
        search = remote.post("/v1/search", json={"query": "bees"})
        whole = remote.post("/v1/ask", json={**ASK, "stream": False})

        assert search.headers["Server-Timing"] == "dense;dur=1.5"
        stages = [stage.split(";dur=") for stage in whole.headers["Server-Timing"].split(", ")]
        assert {name: float(took) for name, took in stages} == whole.json()["timings_ms"]
        assert {"line", "search", "first_token", "total"} <= {name for name, _ in stages}

    def test_says_it_of_chat_completions_too(
        self, remote: httpx.Client, service: "Service", ready: str
    ) -> None:
        service.find(ready)
        asked = {"model": "footnote", "messages": [{"role": "user", "content": ASK["question"]}]}
        completion = remote.post("/v1/chat/completions", json=asked)

        assert "first_token;dur=" in completion.headers["Server-Timing"]
