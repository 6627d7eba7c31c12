"""Nearest neighbours among a few documents: every vector of them is compared."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np
import numpy.typing as npt

from data.contents import Vectors
from data.visibility import Visibility
from retrieval.lanes import Lane

# Vectors kept: 40,000 of 384 float32 are 60 MB.
KEPT_ROWS = 40_000
Loaded = tuple[tuple[str, ...], Vectors]


class ExactSearch:
    """Reads vectors from the catalogue, and keeps those of the versions asked last."""

    def __init__(self, visibility: Visibility, lane: Lane) -> None:
        self._visibility = visibility
        self._lane = lane
        self._kept: OrderedDict[tuple[str, int], Loaded] = OrderedDict()
        self._rows = 0
        self._lock = Lock()

    async def nearest(
        self, selected: Sequence[tuple[str, int]], vector: npt.NDArray[np.float32], limit: int
    ) -> list[tuple[str, float]]:
        """Return the most similar chunks of the versions with their cosine similarity."""
        return await self._lane.run(self._nearest, selected, vector, limit)

    async def has_any(self, library_id: str) -> bool:
        """Return whether a library has any document to search in."""
        return await self._lane.run(self._visibility.any_ready, (library_id,))

    def _nearest(
        self, selected: Sequence[tuple[str, int]], vector: npt.NDArray[np.float32], limit: int
    ) -> list[tuple[str, float]]:
        found: list[tuple[str, float]] = []
        for version in selected:
            ids, matrix = self._vectors(version)
            if ids:
                scores = matrix @ vector
                best = np.argsort(-scores, kind="stable")[:limit]
                found += [(ids[row], float(scores[row])) for row in best]
        return sorted(found, key=lambda hit: -hit[1])[:limit]

    def _vectors(self, version: tuple[str, int]) -> Loaded:
        with self._lock:
            if version in self._kept:
                self._kept.move_to_end(version)
                return self._kept[version]
        loaded = self._visibility.vectors_of(*version)
        with self._lock:
            if version not in self._kept:
                self._kept[version] = loaded
                self._rows += len(loaded[0])
            while self._rows > KEPT_ROWS and len(self._kept) > 1:
                _, (ids, _matrix) = self._kept.popitem(last=False)
                self._rows -= len(ids)
        return loaded
