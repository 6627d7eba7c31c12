"""A late second look: the first pages are put in order by the sentences that are most like it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from data.contents import Vector, Vectors
from data.errors import Unavailable
from data.settings import SearchSettings
from retrieval.fusion import Hit
from retrieval.queries import Query
from retrieval.quotes import quotable
from retrieval.words import Weights, words_of

# What a sentence that is more like the query than its chunk adds to the chunk's score.
_WEIGHT = 0.3
# Characters of a sentence: the longest one makes all of a batch as long.
_LONGEST = 200


class EncodesMany(Protocol):
    """Turns texts into vectors (retrieval/batching.py)."""

    @property
    def is_busy(self) -> bool:
        """Whether others wait for it."""
        ...

    async def encode_many(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vectors of texts, one row each."""
        ...


class _Sentence(NamedTuple):
    """A sentence of a hit, and the share of the query's words that it has."""

    head: int
    text: str
    share: float


class SecondLook:
    """Compares single sentences with the query; a chunk's vector is an average of its own.

    Only while the embedder has nothing else to do.
    """

    def __init__(self, encoder: EncodesMany, settings: SearchSettings) -> None:
        self._encoder = encoder
        self._settings = settings

    async def reordered(
        self,
        hits: Sequence[Hit],
        query: Query,
        vector: Vector | None,
        similarities: Mapping[str, float],
    ) -> tuple[Hit, ...]:
        """Return the hits with the best ones of the first pages in a new order.

        They take each other's places and scores. Without time, or without a vector of the query,
        the order stays.
        """
        heads = _heads(hits, self._settings.second_look_pages)
        if vector is None or len(heads) < 2 or self._encoder.is_busy:
            return tuple(hits)
        chosen = self._chosen([hits[place] for place in heads], query)
        try:
            async with asyncio.timeout(self._settings.second_look_seconds):
                vectors = await self._encoder.encode_many([one.text[:_LONGEST] for one in chosen])
        except (TimeoutError, Unavailable):
            return tuple(hits)
        nearest: dict[int, float] = {}
        for one, similarity in zip(chosen, (vectors @ vector).tolist(), strict=True):
            nearest[one.head] = max(nearest.get(one.head, -1.0), similarity)

        def score(head: int) -> float:
            hit = hits[heads[head]]
            own = similarities.get(hit.chunk.id, 0.0)
            return hit.score + _WEIGHT * (nearest.get(head, own) - own)

        order = sorted(range(len(heads)), key=lambda head: -score(head))
        placed = list(hits)
        for place, head in zip(heads, order, strict=True):
            placed[place] = replace(hits[heads[head]], score=hits[place].score)
        return tuple(placed)

    def _chosen(self, heads: Sequence[Hit], query: Query) -> list[_Sentence]:
        """Return the likeliest sentences: the best of each hit, then their second best."""
        wanted = frozenset(words_of(query.text))
        texts = [
            (head, hit.chunk.text[start:end])
            for head, hit in enumerate(heads)
            for start, end in quotable(hit.chunk.text)
        ]
        words = [frozenset(words_of(text)) for _, text in texts]
        weights = Weights(wanted, words)
        sentences = [
            _Sentence(head, text, weights.share(held))
            for (head, text), held in zip(texts, words, strict=True)
        ]
        sentences.sort(key=lambda one: -one.share)
        rounds: dict[int, int] = {}
        ordered: list[tuple[int, _Sentence]] = []
        for one in sentences:
            rounds[one.head] = rounds.get(one.head, 0) + 1
            ordered.append((rounds[one.head], one))
        ordered.sort(key=lambda item: (item[0], item[1].head))
        most = min(self._settings.second_look_sentences, 2 * len(heads))
        return [one for _, one in ordered[:most]]


def _heads(hits: Sequence[Hit], most: int) -> list[int]:
    """Return the places of the best hit of each of the first pages."""
    pages: dict[tuple[str, int], int] = {}
    for place, hit in enumerate(hits):
        if len(pages) == most:
            break
        pages.setdefault((hit.chunk.document_id, hit.chunk.page), place)
    return list(pages.values())
