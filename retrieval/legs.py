"""The two ways in which chunks are found: by the meaning of a query, and by its words."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from data.contents import Vector
from data.errors import IndexIncomplete, Unavailable
from data.lexical import LexicalQuery, LexicalScope
from data.lexical_follower import LexicalFollower
from data.records import Library
from data.settings import SearchSettings
from data.visibility import Spot
from retrieval.batching import Batched
from retrieval.encoding import Encoded
from retrieval.exact import ExactSearch
from retrieval.lanes import Lane
from retrieval.neighbours import NeighbourBatcher, Neighbours
from retrieval.queries import Query
from retrieval.targets import Target
from retrieval.timing import milliseconds

LOOK_AGAIN_SECONDS = 0.005
# Documents whose face may be told from the others'.
FACES = 50

# Ids and their scores, best first.
Scored = list[tuple[str, float]]


class EncodesQueries(Protocol):
    """Turns a query into its vector (retrieval/encoding.py)."""

    async def encode(self, workspace: str, query: str) -> Encoded:
        """Return the unit vector of a query."""
        ...


@dataclass(frozen=True, slots=True)
class Hits:
    """What one leg found: chunk ids with their scores, best first."""

    scores: dict[str, float]
    timings_ms: dict[str, float]
    # Nothing more would be found by asking for more.
    is_exhausted: bool
    is_behind: bool = False
    # The scores of documents as such, by id.
    documents: Mapping[str, float] = field(default_factory=dict)
    # The query's own.
    vector: Vector | None = None
    # How many questions were answered together, by stage.
    batches: Mapping[str, int] = field(default_factory=dict)


def similarities(hits: Hits, spots: Mapping[str, Spot]) -> dict[str, float]:
    """Return the cosines of chunks, those included that were not among the nearest."""
    others = {
        id_: spot.vector
        for id_, spot in spots.items()
        if id_ not in hits.scores and spot.vector is not None
    }
    if hits.vector is None or not others:
        return hits.scores
    found = Spot.similarities(list(others.values()), hits.vector)
    return {**hits.scores, **dict(zip(others, found, strict=True))}


class Meaning(NamedTuple):
    """A query's vector, how many texts were encoded with it, and how long that took."""

    vector: Vector
    batch: int
    milliseconds: float


# A query's vector, or why there is none, as soon as that is known.
EncodedLater = asyncio.Future[Meaning | Unavailable]


class DenseLeg:
    """Nearest neighbours of the query's vector, by cosine."""

    def __init__(
        self, encoder: EncodesQueries, neighbours: NeighbourBatcher, exact: ExactSearch
    ) -> None:
        self._encoder = encoder
        self._neighbours = neighbours
        self._exact = exact

    async def meaning_of(self, workspace: str, query: Query) -> Meaning | Unavailable:
        """Return the query's vector, or why there is none."""
        started = time.perf_counter()
        try:
            vector, texts = await self._encoder.encode(workspace, query.text)
        except Unavailable as error:
            return error
        return Meaning(vector, texts, milliseconds(started))

    async def find(self, target: Target, encoded: EncodedLater, limit: int) -> Hits:
        """Return the nearest chunks; similarities from -1 to 1."""
        meaning = await encoded
        if isinstance(meaning, Unavailable):
            raise meaning
        started = time.perf_counter()
        vector = meaning.vector
        batches = {"embedding": meaning.batch}
        if target.selected is not None and target.is_exact:
            found = await self._exact.nearest(tuple(target.selected), vector, limit)
            exhausted = True
        else:
            found, batches["dense"] = await self._nearest(target.libraries, vector, limit)
            exhausted = len(found) < limit
        best = sorted(found, key=lambda hit: -hit[1])[:limit]
        timings = {"embedding": meaning.milliseconds, "dense": milliseconds(started)}
        return Hits(dict(best), timings, exhausted, vector=vector, batches=batches)

    async def _nearest(
        self, libraries: Sequence[Library], vector: Vector, limit: int
    ) -> tuple[Neighbours, int]:
        """Return what is nearest in each library, and how many questions were asked with it."""
        # A library without a fingerprint has no vector yet.
        asked = [library for library in libraries if library.fingerprint]
        answers = await asyncio.gather(*(self._nearest_in(one, vector, limit) for one in asked))
        found = [hit for answer, _ in answers for hit in answer]
        return found, max((size for _, size in answers), default=0)

    async def _nearest_in(
        self, library: Library, vector: Vector, limit: int
    ) -> Batched[Neighbours]:
        try:
            return await self._neighbours.nearest(library.collection, vector, limit)
        except IndexIncomplete:
            # Its collection comes with its first vectors. But when there is something to find,
            # the similarity of what others have would say too little of the whole.
            if await self._exact.has_any(library.id):
                raise
            return Batched([], 0)


class LexicalLeg:
    """BM25 over titles, sections and texts."""

    def __init__(self, follower: LexicalFollower, lane: Lane, settings: SearchSettings) -> None:
        self._follower = follower
        self._lane = lane
        self._wait_seconds = settings.lexical_wait_seconds

    async def find(self, target: Target, query: Query, limit: int) -> Hits:
        """Return the chunks with the query's words, from an index that may be a little behind."""
        started = time.perf_counter()
        current = await self._caught_up(target.sequence)
        found, documents = await self._lane.run(self._search, target, query.lexical, limit)
        return Hits(
            dict(found),
            {"lexical": milliseconds(started)},
            len(found) < limit,
            is_behind=not current,
            documents=dict(documents),
        )

    async def _caught_up(self, sequence: int) -> bool:
        """Return whether the index has followed so far, giving it a moment; no thread waits."""
        deadline = time.perf_counter() + self._wait_seconds
        while not self._follower.has_followed(sequence):
            gone = not self._follower.is_open or self._follower.is_rebuilding
            if gone or time.perf_counter() > deadline:
                return False
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return True

    def _search(self, target: Target, query: LexicalQuery, limit: int) -> tuple[Scored, Scored]:
        documents = [document for document, _ in target.selected or ()]
        scope = LexicalScope(target.workspace, target.library_ids, documents)
        index = self._follower.index
        return index.search(scope, query, limit), index.documents(scope, query, FACES)
