"""What the legs of a search found becomes one ranking of chunks."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import TypeVar

from data.contents import StoredChunk
from data.settings import SearchSettings
from data.visibility import Spot

# What a page that the question names is worth, against a cosine of 1.
_NAMED_PAGE = 0.1

PageKey = tuple[str, int]
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found, its score over all legs, and its rank in each that found it."""

    chunk: StoredChunk
    score: float
    ranks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of chunks, by chunk id; higher is better everywhere."""

    # Cosines, -1 to 1. Empty: the dense leg did not answer.
    similarities: Mapping[str, float]
    # BM25 scores of the chunks that have words of the query.
    words: Mapping[str, float]
    # BM25 scores of the faces of documents, by document id.
    documents: Mapping[str, float]
    # Pages that the question names.
    pages: frozenset[int]


def ranked(
    spots: Mapping[str, Spot], signals: Signals, settings: SearchSettings
) -> list[tuple[str, float]]:
    """Return the chunks' ids with their scores, best first.

    A convex combination of cosine and BM25, the latter as a share of the best one's (Bruch, Gai,
    Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval"); on top of it, shares for
    what the whole page and the document's face have of the query's words. Equal scores keep a
    fixed order.
    """
    words = _shares({id_: signals.words[id_] for id_ in spots if id_ in signals.words})
    pages = _shares(_of_pages(spots, words))
    documents = _shares(signals.documents)
    similarities = signals.similarities
    meaning = settings.meaning_weight if similarities else 0.0

    def score(id_: str, document: str, page: int) -> float:
        found = meaning * similarities.get(id_, 0.0)
        found += (1 - meaning) * words.get(id_, 0.0)
        found += settings.page_weight * pages.get((document, page), 0.0)
        found += settings.document_weight * documents.get(document, 0.0)
        return found + _NAMED_PAGE * (page in signals.pages)

    scored = [(id_, score(id_, spot.document_id, spot.page)) for id_, spot in spots.items()]
    return sorted(scored, key=lambda one: (-one[1], one[0]))


def _of_pages(spots: Mapping[str, Spot], words: Mapping[str, float]) -> dict[PageKey, float]:
    """Return for each page the root of the sum of its chunks' squares: the best ones count."""
    squares: dict[PageKey, float] = {}
    for id_, share in words.items():
        page = spots[id_].document_id, spots[id_].page
        squares[page] = squares.get(page, 0.0) + share * share
    return {page: sqrt(total) for page, total in squares.items()}


def _shares(scores: Mapping[Key, float]) -> dict[Key, float]:
    """Return scores as shares of the best of them."""
    best = max(scores.values(), default=0.0)
    return {key: score / best for key, score in scores.items()} if best > 0 else {}
