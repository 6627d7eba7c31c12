"""Whether the vector index has what it should have, without asking it much."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Collection
from typing import Protocol

from data.errors import Unavailable
from data.records import Library
from data.stores import Stores
from retrieval.lanes import Lane

logger = logging.getLogger(__name__)

# Between two looks: while all is well, and while something is being rebuilt.
WELL_SECONDS, UNWELL_SECONDS = 15.0, 1.0
# The first look is waited for; a check has a second.
PATIENCE_SECONDS = 0.5


class LooksInto(Protocol):
    """The vector index (data/vectors.py)."""

    async def collections(self) -> tuple[str, ...]:
        """Return the names of all collections that are ours."""
        ...

    async def count(self, collection: str) -> int | None:
        """Return how many vectors a collection has; None: there is no such collection."""
        ...


class Wholeness:
    """Knows which libraries have lost vectors: workers tell, and it looks now and then."""

    def __init__(
        self,
        index: LooksInto,
        stores: Stores,
        lane: Lane,
        well_seconds: float = WELL_SECONDS,
        unwell_seconds: float = UNWELL_SECONDS,
    ) -> None:
        self._index = index
        self._stores = stores
        self._lane = lane
        self._well_seconds = well_seconds
        self._unwell_seconds = unwell_seconds
        self._lost: set[str] = set()
        self._looking: asyncio.Task[None] | None = None
        self._look_at = 0.0

    async def lost(self) -> int:
        """Return how many libraries are not whole: being rebuilt, or soon."""
        if time.monotonic() >= self._look_at and (not self._looking or self._looking.done()):
            is_first = self._looking is None
            self._looking = asyncio.create_task(self._look())
            if is_first:
                await asyncio.wait([self._looking], timeout=PATIENCE_SECONDS)
        repairs = await self._lane.run(self._stores.generations.repairs)
        return len(repairs | self._lost)

    async def close(self) -> None:
        """End a look that is going on."""
        if self._looking:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    async def _look(self) -> None:
        try:
            libraries = await self._lane.run(self._stores.libraries.every)
            published = await self._lane.run(self._stores.holdings.published_by_library)
            names = await self._index.collections()
            self._lost = {
                one.id
                for one in libraries
                if published.get(one.id) and await self._is_lost(one, published[one.id], names)
            }
        except Unavailable as error:  # another check tells
            logger.info("index not looked into", extra={"code": error.code})
        pause = self._unwell_seconds if self._lost else self._well_seconds
        self._look_at = time.monotonic() + pause

    async def _is_lost(self, library: Library, published: int, names: Collection[str]) -> bool:
        held = None
        if library.collection in names:
            held = await self._index.count(library.collection)
        if held is not None and held >= published:
            return False
        # Meanwhile it may have been rebuilt, emptied or removed.
        libraries = await self._lane.run(self._stores.libraries.every)
        now = await self._lane.run(self._stores.holdings.published_by_library)
        return library.collection in {one.collection for one in libraries} and (
            (held or 0) < now.get(library.id, 0)
        )
