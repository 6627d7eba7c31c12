"""A question becomes passages: two legs at once, fused, and only what may be seen."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from data.contents import Vector
from data.errors import SearchUnavailable, Unavailable
from data.settings import SearchSettings
from retrieval.fusion import Hit, Signals, ranked
from retrieval.joining import joined, neighbours, single
from retrieval.known import KnownChunks
from retrieval.legs import DenseLeg, EncodedLater, Hits, LexicalLeg, similarities
from retrieval.passages import Found, Passage, Scope
from retrieval.queries import Query
from retrieval.second_look import SecondLook
from retrieval.targets import Target, Targets
from retrieval.timing import milliseconds
from retrieval.variety import distinct, spread

# A leg is asked for this many times what is wanted: some of it may not be visible any more.
OVERFETCH = 3
# And for no more than this, however much of it turns out not to be visible.
MOST_CANDIDATES = 1600
# The hits among which a broad question looks for other documents, for each one wanted.
BROAD = 3


@dataclass(frozen=True, slots=True)
class Findings:
    """Visible hits, best first, and how they were found."""

    hits: tuple[Hit, ...]
    # Cosines by chunk id, and the query's own vector.
    similarities: Mapping[str, float]
    vector: Vector | None
    best_similarity: float | None
    timings_ms: dict[str, float]
    batches: Mapping[str, int]
    is_behind: bool


class Searcher:
    """Finds passages. One leg may be away; without both it is ``SearchUnavailable``."""

    def __init__(
        self,
        targets: Targets,
        known: KnownChunks,
        dense: DenseLeg,
        lexical: LexicalLeg,
        second_look: SecondLook,
        settings: SearchSettings,
    ) -> None:
        self._targets = targets
        self._known = known
        self._dense = dense
        self._lexical = lexical
        self._second_look = second_look
        self._settings = settings
        # Searches under way.
        self._active = 0

    async def search(self, scope: Scope, query: str, limit: int) -> Found:
        """Return single chunks, best first."""
        with self._noted():
            understood = self._understood(query)
            target, findings = await self._findings(scope, understood, limit)
            hits = (await self._looked_again(findings, understood))[:limit]
            return await self._found(target, findings, tuple(map(single, hits)))

    async def passages_for_answer(
        self, scope: Scope, query: str, limit: int, *, second_look: bool
    ) -> Found:
        """Return the best passages, neighbours joined.

        A second look puts them in a better order, for 20 ms; whoever reads all of them has
        little of it.
        """
        with self._noted():
            understood = self._understood(query)
            # Hits that fall into one passage must not leave the answer with too few.
            target, findings = await self._findings(scope, understood, 2 * limit)
            if not findings.hits:
                return await self._found(target, findings, ())
            hits = await self._looked_again(findings, understood) if second_look else findings.hits
        started = time.perf_counter()
        if understood.is_broad:
            hits = tuple(spread(hits, limit)[: 2 * limit])
        near = await self._known.chunks(target, neighbours(hits))
        passages = joined(hits, near.values(), self._settings.passage_characters, limit)
        findings.timings_ms["joining"] = milliseconds(started)
        return await self._found(target, findings, passages)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        self._active += 1
        try:
            yield
        finally:
            self._active -= 1

    def _understood(self, question: str) -> Query:
        return Query.of(question, with_other_words=self._settings.other_words)

    async def _found(
        self, target: Target, findings: Findings, passages: tuple[Passage, ...]
    ) -> Found:
        # Asked only when nothing was found: why was that?
        ready = bool(passages) or await self._targets.any_ready(target)
        return Found(
            passages=passages,
            timings_ms=findings.timings_ms,
            best_similarity=findings.best_similarity,
            ready=ready,
            batches=findings.batches,
            lexical_behind=findings.is_behind,
        )

    async def _findings(self, scope: Scope, query: Query, limit: int) -> tuple[Target, Findings]:
        """Look the scope up, and for the query's words, while it is encoded."""
        meaning = asyncio.create_task(self._dense.meaning_of(scope.workspace, query))
        meaning.add_done_callback(_heard)
        try:
            target = await self._targets.of(scope)
            return target, await self._find(target, query, meaning, limit)
        finally:
            meaning.cancel()

    async def _find(
        self, target: Target, query: Query, meaning: EncodedLater, limit: int
    ) -> Findings:
        """Ask the legs, for more and more until enough of what they find is visible and new."""
        wanted = max(self._settings.candidates, OVERFETCH * limit)
        most = BROAD * limit if query.is_broad else limit
        while target.selected != frozenset():
            legs = await self._ask(target, query, meaning, wanted)
            started = time.perf_counter()
            ids = dict.fromkeys(id_ for hits in legs.values() for id_ in hits.scores)
            spots = await self._known.spots(target, ids)
            dense, lexical = _hits_of(legs, "dense"), _hits_of(legs, "lexical")
            cosines = similarities(dense, spots)
            signals = Signals(cosines, lexical.scores, lexical.documents, query.pages)
            order = ranked(spots, signals, self._settings)
            hits = await self._distinct(target, order, legs, most)
            enough = len(hits) >= limit or wanted >= MOST_CANDIDATES
            if not enough and not all(found.is_exhausted for found in legs.values()):
                wanted *= 2
                continue
            timings = {"fusion": milliseconds(started)}
            for found in legs.values():
                timings.update(found.timings_ms)
            batches = {stage: n for found in legs.values() for stage, n in found.batches.items()}
            best = max((cosines[id_] for id_ in spots if id_ in cosines), default=None)
            return Findings(
                tuple(hits), cosines, dense.vector, best, timings, batches, lexical.is_behind
            )
        return Findings((), {}, None, None, {}, {}, is_behind=False)

    async def _distinct(
        self,
        target: Target,
        order: Sequence[tuple[str, float]],
        legs: Mapping[str, Hits],
        most: int,
    ) -> list[Hit]:
        """Return the first hits that say something of their own, at most ``most``."""
        ranks = {
            name: {id_: rank for rank, id_ in enumerate(hits.scores, start=1)}
            for name, hits in legs.items()
        }
        # Seldom are half of the first ones copies.
        for size in (2 * most, len(order)):
            first = order[:size]
            chunks = await self._known.chunks(target, [id_ for id_, _ in first])
            hits = [
                Hit(chunks[id_], score, {name: of[id_] for name, of in ranks.items() if id_ in of})
                for id_, score in first
                if id_ in chunks
            ]
            kept = distinct(hits, most)
            if len(kept) == most:
                break
        return kept

    async def _looked_again(self, findings: Findings, query: Query) -> tuple[Hit, ...]:
        """Return the hits in the order that a second look gives them, while nobody else searches.

        What costs an idle service 20 ms would cost a busy one its throughput.
        """
        if self._active > 1:
            return findings.hits
        started = time.perf_counter()
        hits = await self._second_look.reordered(
            findings.hits, query, findings.vector, findings.similarities
        )
        findings.timings_ms["second_look"] = milliseconds(started)
        return hits

    async def _ask(
        self, target: Target, query: Query, meaning: EncodedLater, wanted: int
    ) -> dict[str, Hits]:
        answers = await asyncio.gather(
            self._dense.find(target, meaning, wanted),
            self._lexical.find(target, query, wanted),
            return_exceptions=True,
        )
        legs: dict[str, Hits] = {}
        for name, answer in zip(("dense", "lexical"), answers, strict=True):
            if isinstance(answer, Hits):
                legs[name] = answer
            elif not isinstance(answer, Unavailable):
                raise answer
        if not legs:
            raise SearchUnavailable
        return legs


def _heard(meaning: EncodedLater) -> None:
    """Take note of how it ended, should nobody wait for it any more."""
    if not meaning.cancelled():
        meaning.exception()


def _hits_of(legs: Mapping[str, Hits], name: str) -> Hits:
    """Return what a leg has found: nothing, if it did not answer."""
    return legs.get(name) or Hits({}, {}, is_exhausted=True, is_behind=True)
