"""What is remembered makes way for more; a question that is being answered loses nothing by it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest

from data.chunks import version_of
from data.contents import StoredChunk
from data.records import Library
from data.visibility import Spot, Standing, Visibility
from retrieval.known import MOST_CHUNKS, MOST_SPOTS, KnownChunks
from retrieval.lanes import Lane
from retrieval.targets import Target

LIBRARY = Library("lib", "w", "default", "f" * 64, 1, "", datetime.now(UTC))
NOW = Target("w", (LIBRARY,), None, is_exact=False, sequence=1)
MINE = ["mine-1-0", "slow-1-0"]


def chunk(identity: str) -> StoredChunk:
    document, version = version_of(identity)
    address = (identity, document, LIBRARY.id, LIBRARY.name, version)
    return StoredChunk(*address, "a.pdf", None, 0, 1, ((0, 4),), "", "text")


class Everything(Visibility):
    """Has each chunk that it is asked for; one of them when it may."""

    def __init__(self) -> None:
        self.reading = threading.Event()
        self.may_read = threading.Event()

    def standing(self, workspace: str, document_ids: Sequence[str]) -> dict[str, Standing]:
        return dict.fromkeys(document_ids, Standing(1, LIBRARY.id))

    def spots(self, ids: Sequence[str]) -> dict[str, Spot]:
        self._read(ids)
        return {id_: Spot(*version_of(id_), page=1, vector=None) for id_ in ids}

    def visible(
        self, workspace: str, ids: Sequence[str], library_ids: Sequence[str]
    ) -> dict[str, StoredChunk]:
        self._read(ids)
        return {id_: chunk(id_) for id_ in ids}

    def _read(self, ids: Sequence[str]) -> None:
        if MINE[1] in ids:
            self.reading.set()
            self.may_read.wait(10)


@pytest.fixture
def catalogue() -> Everything:
    return Everything()


@pytest.fixture
async def known(catalogue: Everything) -> AsyncIterator[KnownChunks]:
    async with Lane("catalogue", 2, 100) as lane:
        yield KnownChunks(catalogue, lane)
        catalogue.may_read.set()


async def test_a_question_keeps_its_spots(known: KnownChunks, catalogue: Everything) -> None:
    await known.spots(NOW, MINE[:1])
    asked = asyncio.create_task(known.spots(NOW, MINE))
    await asyncio.to_thread(catalogue.reading.wait, 10)
    await known.spots(NOW, [f"other-1-{number}" for number in range(MOST_SPOTS)])
    catalogue.may_read.set()

    assert list(await asked) == MINE


async def test_a_question_keeps_its_chunks(known: KnownChunks, catalogue: Everything) -> None:
    await known.chunks(NOW, MINE[:1])
    asked = asyncio.create_task(known.chunks(NOW, MINE))
    await asyncio.to_thread(catalogue.reading.wait, 10)
    await known.chunks(NOW, [f"other-1-{number}" for number in range(MOST_CHUNKS)])
    catalogue.may_read.set()

    assert list(await asked) == MINE
