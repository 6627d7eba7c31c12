"""Queries become vectors: together with those of others, and once for a while."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import numpy as np

from data.contents import Vector, Vectors
from data.settings import BatchingSettings
from retrieval.batching import MicroBatcher

# Characters of a query that is remembered; with its vector that takes 4 KB at most.
LONGEST_KNOWN = 500

# Has texts encoded elsewhere: in the embedder's lane.
EncodeTexts = Callable[[Sequence[str]], Awaitable[Vectors]]


class Encoded(NamedTuple):
    """A unit vector, and how many texts were encoded with it; 0: it was known."""

    vector: Vector
    batch: int


class QueryEncoder:
    """Encodes what waits together, and remembers the vectors of the last queries.

    It belongs to one embedder: another fingerprint is another encoder.
    """

    def __init__(self, settings: BatchingSettings, encode: EncodeTexts) -> None:
        self._settings = settings
        self._encode = encode
        self._batcher: MicroBatcher[str, Vector] = MicroBatcher(settings, self._rows, "encoder")
        # By workspace and query, the oldest first: nobody learns what others have asked lately.
        self._known: dict[tuple[str, str], Vector] = {}

    @property
    def is_busy(self) -> bool:
        """Whether anybody waits for a vector."""
        return self._batcher.is_busy

    async def encode(self, workspace: str, query: str) -> Encoded:
        """Return the vector of a query, or raise ``Overloaded`` when the line is full."""
        known = self._known.get((workspace, query))
        if known is not None:
            return Encoded(known, 0)
        [(vector, size)] = await self._batcher.ask(query)
        if len(query) <= LONGEST_KNOWN:
            # A row of its own does not keep the whole batch.
            self._known[workspace, query] = vector.copy()
        while len(self._known) > self._settings.kept_vectors:
            del self._known[next(iter(self._known))]
        return Encoded(vector, size)

    async def encode_many(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of one caller's texts, a row each; they are not remembered."""
        return np.stack([vector for vector, _ in await self._batcher.ask(*texts)])

    async def check(self) -> None:
        """Return once the embedder's lane has moved; nothing is encoded for it."""
        await self._encode(())

    async def _rows(self, texts: Sequence[str]) -> Sequence[Vector]:
        return list(await self._encode(texts))

    async def aclose(self) -> None:
        """End the work; who waits gets ``ShuttingDown``."""
        await self._batcher.aclose()
