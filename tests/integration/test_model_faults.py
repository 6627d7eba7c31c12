"""What a client is told when the model fails, over the whole way from model to client."""

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

import httpx
import pytest

from tests.integration.test_first_light import DARK, REPORT
from tests.model_server import ModelServer, Script, chunk, event
from tests.running_stack import RunningStack, events

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
HALF_A_CHUNK = HEAD + chunk(event("It was ")) + b"ff\r\ndata: {"
# A question that names the model is not answered by another one.
NAMED = {"question": DARK, "model": "scripted"}


def until(is_so: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module", autouse=True)
def report(stack: RunningStack) -> None:
    with stack.client() as client:
        uploaded = stack.upload(client, REPORT)
        assert stack.finished(client, uploaded["job"]["id"])["state"] == "succeeded"


@pytest.fixture(autouse=True)
def breakers_closed(client: httpx.Client, model: ModelServer) -> Iterator[None]:
    """Leave the breakers of all processes closed: whoever failed answers again."""
    yield
    model.say("It was dark for 47 minutes [1].")
    good = 0
    until_good = time.monotonic() + 60
    while good < 8:
        assert time.monotonic() < until_good
        answer = client.post("/v1/ask", json={**NAMED, "stream": False})
        good = good + 1 if answer.status_code == 200 else 0
        if not good:
            time.sleep(0.5)


def told(client: httpx.Client, **changes: Any) -> list[tuple[str, dict[str, Any]]]:
    with client.stream("POST", "/v1/ask", json={**NAMED, **changes}) as answer:
        return list(events(answer.iter_lines()))


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (Script(status=500, body=b"secret"), "status 500"),
        (Script(status=429), "status 429"),
        (Script(status=429, headers={"retry-after": "3"}), "status 429"),
        (Script([b"secret\n", b"<html>\n"], finish_reason=None), "not a chat completion"),
        (Script([HALF_A_CHUNK], raw=True, breaks=True), "broke"),
        (Script(["It was "], breaks=True), "broke"),
        (Script(raw=True, breaks=True), "can't be reached"),
        (Script(["It was ", event("x" * 10_000_000)]), "endless"),
        (Script(["It was ", b"data: {nonsense\n\n"]), "not a chat completion"),
    ],
    ids=[
        "500", "429", "retry after", "a page", "half a chunk", "cut", "reset", "10 MB", "garbage",
    ],
)  # fmt: skip
def test_a_stream_that_fails_ends_with_a_clear_error(
    client: httpx.Client, model: ModelServer, script: Script, words: str
) -> None:
    model.scripts = [script]

    seen = told(client)

    name, data = seen[-1]
    assert name == "error"
    assert data["error"]["code"] == "model_unavailable"
    assert words in data["error"]["message"]
    assert "secret" not in str(seen)
    until(lambda: model.active == 0)


@pytest.mark.parametrize("before", [(), ("It was ",)], ids=["before the first token", "after it"])
def test_a_model_that_hangs_ends_with_the_deadline(
    client: httpx.Client, model: ModelServer, before: tuple[str, ...]
) -> None:
    model.say(*before, asyncio.Event())

    name, data = told(client, timeout_seconds=2)[-1]

    assert (name, data["error"]["code"]) == ("error", "deadline_exceeded")
    until(lambda: model.active == 0)


def test_a_stream_without_an_end_ends_with_the_length(
    client: httpx.Client, model: ModelServer
) -> None:
    model.scripts = [Script(repeat("It was dark for 47 minutes [1]. "))]

    name, data = told(client)[-1]

    assert name == "done"
    assert data["truncated"] is True
    assert len(data["answer"]) < 100_000
    until(lambda: model.active == 0)


def test_the_default_answers_with_quotes_when_the_model_is_away(
    client: httpx.Client, model: ModelServer
) -> None:
    model.scripts = [Script(status=500)]

    done = client.post("/v1/ask", json={"question": DARK, "stream": False}).json()

    assert (done["model"], done["degraded"]) == ("extractive", True)
    assert "47 minutes" in done["answer"]
    assert all(citation["verified"] for citation in done["citations"])


def test_an_open_breaker_refuses_at_once_and_says_for_how_long(
    client: httpx.Client, model: ModelServer
) -> None:
    model.scripts = [Script(status=500)]
    refused: list[httpx.Response] = []

    def is_refused_unasked() -> bool:
        before = len(model.requests)
        refused.append(client.post("/v1/ask", json={**NAMED, "stream": False}))
        return len(model.requests) == before

    until(is_refused_unasked, 30)

    answer = refused[-1]
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "model_unavailable"
    seconds = answer.json()["error"]["details"]["retry_after_seconds"]
    assert answer.headers["retry-after"] == str(seconds)
    assert 1 <= seconds <= 12
    until(lambda: "left alone" in str(model_checks(client)), 20)


def model_checks(client: httpx.Client) -> list[str]:
    """What the processes say of the model; any of them may answer."""
    return [client.get("/health/ready").json()["checks"]["model"]["detail"] for _ in range(4)]
