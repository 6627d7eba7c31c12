"""Many questions to a collection of the vector index are one call."""

import asyncio
from contextlib import aclosing
from typing import Any

import numpy as np
import pytest

from data.contents import Vector
from data.errors import IndexIncomplete
from data.settings import BatchingSettings
from retrieval.neighbours import NeighbourBatcher


class Index:
    """Finds in each collection a chunk named by it and by the vector; keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []
        self.may_answer = asyncio.Event()
        self.lost: set[str] = set()

    async def nearest(self, collection: str, vectors: Any, limit: int) -> list[Any]:
        self.asked.append((collection, len(vectors), limit))
        await self.may_answer.wait()
        if collection in self.lost:
            raise IndexIncomplete
        return [[(f"{collection}-{vector[0]:g}", 0.5)] for vector in vectors]


@pytest.fixture
async def index() -> Index:
    return Index()


@pytest.fixture
def neighbours(index: Index) -> NeighbourBatcher:
    return NeighbourBatcher(BatchingSettings(), index)


def vector(first: float) -> Vector:
    return np.array([first, 1], np.float32)


async def test_who_waits_is_asked_for_together(neighbours: NeighbourBatcher, index: Index) -> None:
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(neighbours.nearest("a", vector(1), 5))]
        await asyncio.sleep(0.001)
        asked += [tasks.create_task(neighbours.nearest("a", vector(n), 5)) for n in (2, 3, 3)]
        await asyncio.sleep(0.001)
        index.may_answer.set()

    assert index.asked == [("a", 1, 5), ("a", 2, 5)]
    assert [one.result().answer[0][0] for one in asked] == ["a-1", "a-2", "a-3", "a-3"]
    assert [one.result().size for one in asked] == [1, 2, 2, 2]


async def test_a_collection_does_not_wait_for_another(
    neighbours: NeighbourBatcher, index: Index
) -> None:
    async with asyncio.TaskGroup() as tasks:
        for name, limit in (("a", 5), ("b", 5), ("a", 9)):
            tasks.create_task(neighbours.nearest(name, vector(1), limit))
        await asyncio.sleep(0.001)
        together = list(index.asked)
        index.may_answer.set()

    assert together == [("a", 1, 5), ("b", 1, 5), ("a", 1, 9)]


async def test_a_lost_collection_fails_its_own_callers_only(
    neighbours: NeighbourBatcher, index: Index
) -> None:
    index.lost.add("a")
    index.may_answer.set()

    outcomes = await asyncio.gather(
        neighbours.nearest("a", vector(1), 5),
        neighbours.nearest("b", vector(1), 5),
        return_exceptions=True,
    )

    assert isinstance(outcomes[0], IndexIncomplete)
    assert not isinstance(outcomes[1], BaseException)


async def test_who_leaves_does_not_have_the_next_one_asked_for_beside_it(
    neighbours: NeighbourBatcher, index: Index
) -> None:
    for number in range(3):
        leaving = asyncio.create_task(neighbours.nearest("a", vector(number), 5))
        await asyncio.sleep(0.001)
        leaving.cancel()
        await asyncio.wait((leaving,))
    staying = asyncio.create_task(neighbours.nearest("a", vector(7), 5))
    await asyncio.sleep(0.001)
    at_once = len(index.asked)
    index.may_answer.set()

    assert (await staying).answer[0][0] == "a-7"
    assert (at_once, len(index.asked)) == (1, 2)


async def test_a_call_that_nobody_waits_for_ends_with_the_service(index: Index) -> None:
    async with aclosing(NeighbourBatcher(BatchingSettings(), index)) as neighbours:
        leaving = asyncio.create_task(neighbours.nearest("a", vector(1), 5))
        await asyncio.sleep(0.001)
        leaving.cancel()
        await asyncio.wait((leaving,))

    assert {task.get_name() for task in asyncio.all_tasks()}.isdisjoint({"neighbours"})
