"""A question becomes passages: two legs at once, fused, and only what may be seen."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from data.catalogue import Catalogue
from data.contents import StoredChunk
from data.errors import SearchUnavailable, Unavailable
from data.libraries import Libraries
from data.settings import SearchSettings
from data.visibility import Visibility
from retrieval.fusion import Hit, Signals, ranked
from retrieval.joining import joined, neighbours, single
from retrieval.lanes import Lane
from retrieval.legs import DenseLeg, Hits, LexicalLeg, Target
from retrieval.passages import Found, Passage, Scope
from retrieval.queries import Query
from retrieval.second_look import SecondLook
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
    best_similarity: float | None
    timings_ms: dict[str, float]
    is_behind: bool


class Searcher:
    """Finds passages. One leg may be away; without both it is ``SearchUnavailable``."""

    def __init__(
        self,
        libraries: Libraries,
        visibility: Visibility,
        catalogue: Catalogue,
        lane: Lane,
        dense: DenseLeg,
        lexical: LexicalLeg,
        second_look: SecondLook,
        settings: SearchSettings,
    ) -> None:
        self._libraries = libraries
        self._visibility = visibility
        self._catalogue = catalogue
        self._lane = lane
        self._dense = dense
        self._legs: dict[str, DenseLeg | LexicalLeg] = {"dense": dense, "lexical": lexical}
        self._second_look = second_look
        self._settings = settings

    async def search(self, scope: Scope, query: str, limit: int) -> Found:
        """Return single chunks, best first."""
        target = await self._lane.run(self._target, scope)
        findings = await self._find(target, self._understood(query), limit)
        hits = findings.hits[:limit]
        return await self._found(target, findings, tuple(map(single, hits)))

    async def passages_for_answer(self, scope: Scope, query: str, limit: int) -> Found:
        """Return the best passages, neighbours joined."""
        target = await self._lane.run(self._target, scope)
        understood = self._understood(query)
        # Hits that fall into one passage must not leave the answer with too few.
        findings = await self._find(target, understood, 2 * limit)
        if not findings.hits:
            return await self._found(target, findings, ())
        started = time.perf_counter()
        hits = findings.hits
        if understood.is_broad:
            hits = tuple(spread(hits, limit)[: 2 * limit])
        near = await self._lane.run(
            self._visibility.visible, scope.workspace, neighbours(hits), target.library_ids
        )
        passages = joined(hits, near.values(), self._settings.passage_characters, limit)
        findings.timings_ms["joining"] = milliseconds(started)
        return await self._found(target, findings, passages)

    def _understood(self, question: str) -> Query:
        return Query.of(question, with_other_words=self._settings.other_words)

    async def _found(
        self, target: Target, findings: Findings, passages: tuple[Passage, ...]
    ) -> Found:
        # Asked only when nothing was found: why was that?
        ready = bool(passages) or await self._lane.run(
            self._visibility.any_ready, target.library_ids
        )
        return Found(
            passages=passages,
            timings_ms=findings.timings_ms,
            best_similarity=findings.best_similarity,
            ready=ready,
            lexical_behind=findings.is_behind,
        )

    def _target(self, scope: Scope) -> Target:
        libraries = self._libraries.named(scope.workspace, scope.libraries)
        ids = [library.id for library in libraries]
        sequence = self._catalogue.sequence()
        if not scope.document_ids and not scope.tags:
            return Target(scope.workspace, libraries, None, is_exact=False, sequence=sequence)
        selected = self._visibility.selected(scope.workspace, ids, scope.document_ids, scope.tags)
        few = self._visibility.count(selected) <= self._settings.exact_chunks
        return Target(
            scope.workspace,
            libraries,
            selected,
            is_exact=few,
            sequence=sequence,
        )

    async def _find(self, target: Target, query: Query, limit: int) -> Findings:
        """Ask the legs, for more and more until enough of what they find is visible and new."""
        wanted = max(self._settings.candidates, OVERFETCH * limit)
        most = BROAD * limit if query.is_broad else limit
        while target.selected != ():
            legs = await self._ask(target, query, wanted)
            started = time.perf_counter()
            ids = dict.fromkeys(id_ for hits in legs.values() for id_ in hits.scores)
            visible = await self._visible(target, ids)
            dense = _hits_of(legs, "dense")
            similarities = await self._dense.similarities(dense, visible)
            order = ranked(visible, _signals(legs, similarities, query), self._settings)
            hits = await self._lane.run(distinct, order, most)
            enough = len(hits) >= limit or wanted >= MOST_CANDIDATES
            if not enough and not all(found.is_exhausted for found in legs.values()):
                wanted *= 2
                continue
            timings = {"fusion": milliseconds(started)}
            started = time.perf_counter()
            looked = await self._second_look.reordered(hits, query, dense.vector, similarities)
            timings["second_look"] = milliseconds(started)
            for found in legs.values():
                timings.update(found.timings_ms)
            near = [similarities[id_] for id_ in visible if id_ in similarities]
            behind = _hits_of(legs, "lexical").is_behind
            return Findings(looked, max(near, default=None), timings, behind)
        return Findings((), None, {}, is_behind=False)

    async def _ask(self, target: Target, query: Query, wanted: int) -> dict[str, Hits]:
        answers = await asyncio.gather(
            *(leg.find(target, query, wanted) for leg in self._legs.values()),
            return_exceptions=True,
        )
        legs: dict[str, Hits] = {}
        for name, answer in zip(self._legs, answers, strict=True):
            if isinstance(answer, Hits):
                legs[name] = answer
            elif not isinstance(answer, Unavailable):
                raise answer
        if not legs:
            raise SearchUnavailable
        return legs

    async def _visible(self, target: Target, ids: Iterable[str]) -> Mapping[str, StoredChunk]:
        found = await self._lane.run(
            self._visibility.visible, target.workspace, list(ids), target.library_ids
        )
        if target.selected is None:
            return found
        selected = set(target.selected)
        return {
            id_: chunk
            for id_, chunk in found.items()
            if (chunk.document_id, chunk.version) in selected
        }


def _hits_of(legs: Mapping[str, Hits], name: str) -> Hits:
    """Return what a leg has found: nothing, if it did not answer."""
    return legs.get(name) or Hits({}, {}, is_exhausted=True, is_behind=True)


def _signals(legs: Mapping[str, Hits], similarities: Mapping[str, float], query: Query) -> Signals:
    ranks: dict[str, dict[str, int]] = {}
    for name, hits in legs.items():
        for rank, id_ in enumerate(hits.scores, start=1):
            ranks.setdefault(id_, {})[name] = rank
    lexical = _hits_of(legs, "lexical")
    return Signals(similarities, lexical.scores, lexical.documents, query.pages, ranks)
