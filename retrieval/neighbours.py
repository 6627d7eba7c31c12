"""Nearest neighbours in the vector index, of many questions with one call."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from data.contents import Vector
from data.settings import BatchingSettings
from retrieval.batching import Batched, MicroBatcher

# Chunk ids and their cosines, nearest first.
Neighbours = list[tuple[str, float]]


class FindsNearest(Protocol):
    """The vector index (data/vectors.py)."""

    async def nearest(
        self, collection: str, vectors: npt.NDArray[np.float32], limit: int
    ) -> list[Neighbours]:
        """Return the nearest chunks of each vector."""
        ...


class _Line(NamedTuple):
    """Questions that one call can answer."""

    collection: str
    limit: int


class NeighbourBatcher:
    """One call at a time for each collection; who comes meanwhile is in the next."""

    def __init__(self, settings: BatchingSettings, index: FindsNearest) -> None:
        self._settings = settings
        self._index = index
        self._lines: dict[_Line, MicroBatcher[bytes, Neighbours]] = {}

    async def nearest(self, collection: str, vector: Vector, limit: int) -> Batched[Neighbours]:
        """Return the nearest chunks. Raises ``IndexIncomplete`` when there is no such collection,
        ``IndexUnavailable``, or ``Overloaded`` when the line is full.
        """
        line = _Line(collection, limit)
        batcher = self._lines.get(line)
        if batcher is None:
            batcher = MicroBatcher(self._settings, partial(self._ask, line), "neighbours")
            self._lines[line] = batcher
        try:
            # Equal questions have equal bytes.
            [found] = await batcher.ask(vector.tobytes())
        finally:
            if not batcher.is_at_work:
                self._forget(line)
        return found

    async def _ask(self, line: _Line, vectors: Sequence[bytes]) -> Sequence[Neighbours]:
        matrix = np.frombuffer(b"".join(vectors), np.float32).reshape(len(vectors), -1)
        try:
            return await self._index.nearest(line.collection, matrix, line.limit)
        finally:
            # All who asked may have left. Until now, whoever came had to wait for this call.
            self._forget(line)

    def _forget(self, line: _Line) -> None:
        """Drop a line in which nobody waits: collections come and go."""
        if line in self._lines and not self._lines[line].is_busy:
            del self._lines[line]

    async def aclose(self) -> None:
        """End the work; who waits gets ``ShuttingDown``."""
        for batcher in list(self._lines.values()):
            await batcher.aclose()
