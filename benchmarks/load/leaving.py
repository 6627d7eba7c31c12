"""A thousand who ask, of whom many leave at any moment, and what is left of them afterwards."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.load import library, sides
from benchmarks.load.costs import connections, open_files, resident_bytes
from benchmarks.load.figures import errors_of
from benchmarks.load.measuring import Plan, kept_homes, tell
from benchmarks.load.sides import Side, question_body
from benchmarks.load.streaming import Heard, ask
from benchmarks.load.taking import Model
from benchmarks.servers import MODEL, model_server

CLIENTS = 1000
RAMP_SECONDS = 4.0
SHARE_THAT_LEAVES = 0.3
# From the moment that a client connects: an answer takes ten seconds when nothing waits.
LEAVE_WITHIN_SECONDS = 10.0
TALK = {"between_tokens_ms": 50, "tokens": 200}
# The first round opens what stays open; what the others add would be a leak.
ROUNDS = 3
PATIENCE_SECONDS = 60.0
# Pools of connections to the index and the catalogue, which close what is idle after a while.
MORE_FILES = 32
# Enough for everybody to be in the middle of an answer.
ALL_LEAVE_AFTER_SECONDS = 6.0


def measure(plan: Plan, _baseline: object) -> dict[str, Any]:
    if not (MODEL.exists() and library.QUESTIONS.exists()):
        return {"skipped": f"{MODEL} or {library.QUESTIONS} is not there"}
    with kept_homes(plan) as (home, _), model_server(**TALK) as address:
        library.index(home)
        with sides.copied(home) as copy, sides.ours(copy, address) as side:
            crowd = Crowd(side, Model(address), library.answerable_questions())
            tell("before", crowd.traces().plain())
            for number in range(1, ROUNDS + 1):
                tell(f"round {number}: 30 % leave at random", asyncio.run(crowd.leave_at_random()))
            return {"all leave at once": asyncio.run(crowd.leave_at_once())}


@dataclass(frozen=True, slots=True)
class Traces:
    """What clients leave behind in a service."""

    open_files: int
    from_clients: int
    to_the_model: int
    resident_mib: float
    active_at_the_model: int

    def plain(self) -> dict[str, float]:
        return {
            "open files and sockets": self.open_files,
            "of which from clients": self.from_clients,
            "to the model": self.to_the_model,
            "resident, MiB": self.resident_mib,
            "active at the model": self.active_at_the_model,
        }


class Crowd:
    """Clients of one side, over and over."""

    def __init__(self, side: Side, model: Model, questions: Sequence[str]) -> None:
        self._side = side
        self._model = model
        self._questions = questions
        self._chance = random.Random(7)  # noqa: S311 - moments, no secrets
        self._open_before = self.traces().open_files

    def traces(self) -> Traces:
        return Traces(
            open_files(self._side.api_processes),
            connections(self._side.api_processes, self._side.door.port),
            connections(self._side.api_processes, self._model.port),
            round(resident_bytes(self._side.api_processes) / 2**20, 1),
            int(self._model.stats()["active"]),
        )

    async def leave_at_random(self) -> dict[str, Any]:
        """Three in ten leave: before the first byte, in the line, amid the words."""
        return await self._come(
            lambda: (
                self._chance.uniform(0, LEAVE_WITHIN_SECONDS)
                if self._chance.random() < SHARE_THAT_LEAVES
                else None
            )
        )

    async def leave_at_once(self) -> dict[str, Any]:
        """Everybody leaves at the same moment, in the middle of an answer."""
        begun = time.perf_counter()
        return await self._come(lambda: ALL_LEAVE_AFTER_SECONDS + begun - time.perf_counter())

    async def _come(self, leave_after: Callable[[], float | None]) -> dict[str, Any]:
        self._model.reset()

        async def client(number: int) -> Heard:
            await asyncio.sleep(RAMP_SECONDS * number / CLIENTS)
            body = question_body(self._questions[number % len(self._questions)])
            return await ask(self._side.door, body, leave_after())

        heard = await asyncio.gather(*(client(number) for number in range(CLIENTS)))
        gone = time.perf_counter()
        idle = await _seconds_until(gone, lambda: self._model.stats()["active"] == 0)
        await asyncio.sleep(max(0.0, gone + 1 - time.perf_counter()))
        second_later = self.traces()
        closed = await _seconds_until(gone, self._has_closed_its_sockets)
        stats = self._model.stats()
        return {
            "left": sum(one.left for one in heard),
            "of whom before the first byte": sum(
                one.left and one.first_byte is None for one in heard
            ),
            "of whom before the first word": sum(one.left and not one.tokens for one in heard),
            "errors": dict(errors_of(heard)),
            "the model began, ended, was cancelled": [
                stats["started"],
                stats["completed"],
                stats["cancelled"],
            ],
            "seconds until nothing was active at the model": idle,
            "a second after the last client": second_later.plain(),
            f"seconds until open files are as before, and {MORE_FILES}": closed,
            "in the end": self.traces().plain(),
        }

    def _has_closed_its_sockets(self) -> bool:
        return self.traces().open_files <= self._open_before + MORE_FILES


async def _seconds_until(begun: float, is_so: Callable[[], bool]) -> float | None:
    """Return how long it took, or nothing when it did not come to be so."""
    while not await asyncio.to_thread(is_so):
        if time.perf_counter() > begun + PATIENCE_SECONDS:
            return None
        await asyncio.sleep(0.05)
    return round(time.perf_counter() - begun, 2)
