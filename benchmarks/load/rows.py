"""The rows of the table: how many come, how fast, and with what model."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from benchmarks.load import crowds
from benchmarks.load.library import BESIDE, LATER
from benchmarks.load.sides import Side
from benchmarks.load.streaming import Heard

Crowd = Callable[[Side, crowds.Asking, Iterator[str]], Awaitable[list[Heard]]]


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of load."""

    title: str
    crowd: Crowd
    # ``--quick`` leaves it out.
    is_long: bool = False
    # The tutorial pipeline takes minutes for what it would show.
    ours_alone: bool = False
    model_name: str = "mock"


def ramp(clients: int, seconds: float) -> Crowd:
    async def crowd(_side: Side, asking: crowds.Asking, questions: Iterator[str]) -> list[Heard]:
        return await crowds.ramped(asking, questions, clients, seconds)

    return crowd


async def alone(_side: Side, asking: crowds.Asking, questions: Iterator[str]) -> list[Heard]:
    return await crowds.one_after_another(asking, questions, 40)


async def beside_indexing(
    side: Side, asking: crowds.Asking, questions: Iterator[str]
) -> list[Heard]:
    indexing = asyncio.to_thread(side.index, BESIDE / LATER)
    return await crowds.while_something_runs(asking, questions, 10, indexing)


ROWS = {
    "1": Row("1 client", alone),
    "20": Row("20 clients, 1 s ramp", ramp(20, 1)),
    "50": Row("50 clients, 2 s ramp", ramp(50, 2)),
    "200": Row("200 clients, 4 s ramp", ramp(200, 4)),
    "indexing": Row("10 clients while 190 pages are indexed", beside_indexing),
    "1000-10": Row("1,000 clients, 10 s ramp", ramp(1000, 10), is_long=True),
    "1000-20": Row("1,000 clients, 20 s ramp", ramp(1000, 20), is_long=True),
    "open": Row(
        "1,000 streams open, 50 ms a token, 200 tokens",
        ramp(1000, 4),
        is_long=True,
        ours_alone=True,
        model_name="mock:itl=50,tokens=200",
    ),
}
