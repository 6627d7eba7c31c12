"""Who asks when."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence

from benchmarks.load.streaming import Heard

Asking = Callable[[str], Awaitable[Heard]]


def in_turn(questions: Sequence[str], seed: int) -> Iterator[str]:
    """Yield every question once, in an order of its own for each seed, and only then again."""
    shuffled = list(questions)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - an order, no secret
    while True:
        yield from shuffled


async def one_after_another(asking: Asking, questions: Iterator[str], many: int) -> list[Heard]:
    """One client that asks so many questions."""
    return [await asking(next(questions)) for _ in range(many)]


async def ramped(
    asking: Asking, questions: Iterator[str], clients: int, seconds: float
) -> list[Heard]:
    """So many clients with a question each, who come evenly within so many seconds."""

    async def client(number: int) -> Heard:
        await asyncio.sleep(seconds * number / clients)
        return await asking(next(questions))

    return await asyncio.gather(*(client(number) for number in range(clients)))


async def while_something_runs(
    asking: Asking, questions: Iterator[str], clients: int, something: Awaitable[object]
) -> list[Heard]:
    """So many clients who ask one question after the other until something is done."""
    running = asyncio.ensure_future(something)

    async def client() -> list[Heard]:
        heard = []
        while not running.done():
            heard.append(await asking(next(questions)))
        return heard

    everyone = await asyncio.gather(*(client() for _ in range(clients)))
    await running
    return [one for heard in everyone for one in heard]
