"""Three hundred who ask at once, of whom many leave, and what is left of them afterwards."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from benchmarks.load.costs import connections, open_files
from benchmarks.load.sides import ours_at, question_body
from benchmarks.load.streaming import Heard, ask
from tests.chaos.processes import API_PROCESS, by_role
from tests.model_server import ModelServer
from tests.running_stack import RunningStack

REPORT = Path(__file__).parents[2] / "data" / "samples" / "lighthouse-report.pdf"
CLIENTS = 300
SHARE_THAT_LEAVES = 0.3
# While some are searched for and answered, and the others wait in the line.
LEAVE_WITHIN_SECONDS = 4.0
# What a busy service opens and keeps for a while, of the index and of the catalogue.
POOLS = CLIENTS // 3


@dataclass
class Crowd:
    heard: list[Heard]
    open_files_before: int
    api_processes: list[int]


@pytest.fixture(scope="module")
def crowd(stack: RunningStack, model: ModelServer) -> Iterator[Crowd]:
    """Everybody has gone: the leavers at any moment, the others with a whole answer."""
    with stack.client() as client:
        uploaded = stack.upload(client, REPORT)
        assert stack.finished(client, uploaded["job"]["id"])["state"] == "succeeded"
    api_processes = by_role(stack)[API_PROCESS]
    # What the first questions open stays open: connections of the pools, not of the crowd.
    model.say("It was dark for 47 minutes [1].", headers={"connection": "close"})
    asyncio.run(come(stack, [None] * 40, lambda: None))
    before = open_files(api_processes)
    goodbye = asyncio.Event()
    model.say("It was ", "dark ", goodbye, "for 47 minutes [1].", headers={"connection": "close"})
    chance = random.Random(5)
    moments = [
        chance.uniform(0, LEAVE_WITHIN_SECONDS) if chance.random() < SHARE_THAT_LEAVES else None
        for _ in range(CLIENTS)
    ]
    heard = asyncio.run(come(stack, moments, lambda: model.set(goodbye)))
    yield Crowd(heard, before, api_processes)
    model.say("Nothing. [1]")


async def come(
    stack: RunningStack, moments: list[float | None], all_have_left: Callable[[], None]
) -> list[Heard]:
    """Let everybody ask at once, and tell when those who leave have left."""
    door = ours_at(stack, "/v1/ask")

    async def client(number: int, leave_after: float | None) -> Heard:
        question = f"Why was the light at Gannet Rock dark, and for how long, visitor {number}?"
        return await ask(door, question_body(question), leave_after)

    clients = [asyncio.create_task(client(*one)) for one in enumerate(moments)]
    leavers = [one for one, after in zip(clients, moments, strict=True) if after is not None]
    await asyncio.gather(*leavers)
    all_have_left()
    return await asyncio.gather(*clients)


def until_at_most(most: int, count: Callable[[], int]) -> None:
    deadline = time.monotonic() + 30
    while (now := count()) > most:
        assert time.monotonic() < deadline, now
        time.sleep(0.05)


class TestAfterACrowd:
    def test_those_who_stayed_got_their_answer(self, crowd: Crowd) -> None:
        stayed = [one for one in crowd.heard if not one.left]

        assert len(stayed) > CLIENTS / 2
        assert {one.error for one in stayed} == {None}

    def test_some_left_before_the_first_word_and_some_amid_the_words(self, crowd: Crowd) -> None:
        left = [one for one in crowd.heard if one.left]

        assert len(left) > CLIENTS / 5
        assert any(not one.tokens for one in left)
        assert any(one.tokens for one in left)

    def test_the_model_has_nothing_to_do_any_more(self, crowd: Crowd, model: ModelServer) -> None:
        until_at_most(0, lambda: model.active)

    def test_nobody_holds_a_place(self, crowd: Crowd, client: httpx.Client) -> None:
        def places() -> int:
            lines = client.get("/metrics").text.splitlines()
            gauge = next(line for line in lines if line.startswith("footnote_answers_running "))
            limits = client.get("/v1/admin/status").json()["limits"]
            return int(float(gauge.split()[1])) + int(limits["answers_running"])

        until_at_most(0, places)

    def test_no_connection_to_a_client_or_to_the_model_stays(
        self, crowd: Crowd, stack: RunningStack, model: ModelServer
    ) -> None:
        until_at_most(0, lambda: connections(crowd.api_processes, stack.port))
        until_at_most(0, lambda: connections(crowd.api_processes, model.port))

    def test_no_file_stays_open_for_each_who_asked(self, crowd: Crowd) -> None:
        most = crowd.open_files_before + POOLS
        until_at_most(most, lambda: open_files(crowd.api_processes))

    def test_the_next_question_is_answered(
        self, crowd: Crowd, client: httpx.Client, model: ModelServer
    ) -> None:
        model.say("It was dark for 47 minutes [1].")

        done = client.post(
            "/v1/ask",
            json={"question": "Why was the light at Gannet Rock dark?", "stream": False},
        ).json()

        assert done["answer"] == "It was dark for 47 minutes [1]."
