"""What clients see of a full line: 429 with Retry-After, or an error in the stream."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from data.records import Role
from data.settings import AnswerSettings, Settings

if TYPE_CHECKING:
    from tests.api.conftest import Service


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"answers": AnswerSettings(max_running=1, max_waiting=2)})


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def service(service: "Service") -> "Service":
    """A service whose answers don't end by themselves."""
    service.find("doc-1")
    service.model.hangs = True
    return service


def ask(stack: ExitStack, remote: httpx.Client, **options: Any) -> httpx.Response:
    question = {"question": "How fast do bees fly?"}
    return stack.enter_context(remote.stream("POST", "/v1/ask", json=question, **options))


@pytest.mark.usefixtures("service")
def test_a_full_line_is_answered_with_429_and_when_to_come_again(
    remote: httpx.Client, opened: ExitStack
) -> None:
    answers = [ask(opened, remote) for _ in range(4)]
    search = remote.post("/v1/search", json={"query": "bees"})

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert search.status_code == 429
    assert search.json()["error"]["code"] == "overloaded"
    assert int(search.headers["Retry-After"]) >= 1


def test_the_newest_of_a_key_that_fills_the_line_makes_room_for_another_key(
    remote: httpx.Client, service: "Service", opened: ExitStack
) -> None:
    answers = [ask(opened, remote) for _ in range(3)]

    another = ask(opened, remote, headers=service.new_key(Role.READER))

    assert another.status_code == 200
    *_, last = [line for line in answers[2].iter_lines() if line.startswith("data: ")]
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == "overloaded"
