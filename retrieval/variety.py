"""Hits that say something of their own: no copies, and more than one document where it matters."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from retrieval.fusion import Hit
from retrieval.words import words_of

# Chunks that share more of their words than this, and all of their numbers, say the same.
_SAME = 0.9
# Of a broad question's passages, at most this share from one document, while others have any.
_SHARE = 0.4


def distinct(hits: Sequence[Hit], limit: int) -> list[Hit]:
    """Return the first hits that are no near copy of a better one, at most ``limit``."""
    kept: list[Hit] = []
    seen: list[frozenset[str]] = []
    for hit in hits:
        if len(kept) == limit:
            break
        words = _words_of(hit.chunk.text)
        if not any(_are_same(words, other) for other in seen):
            kept.append(hit)
            seen.append(words)
    return kept


def spread(hits: Sequence[Hit], limit: int) -> list[Hit]:
    """Return the hits so that the first ``limit`` are of several documents, where several have any.

    Within what a document may have, the order stays.
    """
    most = max(1, round(_SHARE * limit))
    taken: Counter[str] = Counter()
    first: list[Hit] = []
    rest: list[Hit] = []
    for hit in hits:
        taken[hit.chunk.document_id] += 1
        (first if taken[hit.chunk.document_id] <= most else rest).append(hit)
    return [*first, *rest]


# The same chunks are found again and again; words are shared, so an entry takes about 2 KB.
@lru_cache(maxsize=4096)
def _words_of(text: str) -> frozenset[str]:
    return frozenset(words_of(text))


def _are_same(one: frozenset[str], other: frozenset[str]) -> bool:
    # The sizes tell most of them apart before the words are compared.
    if not one or not other or not _SAME <= len(one) / len(other) <= 1 / _SAME:
        return False
    if any(word[0].isdigit() for word in one ^ other):
        return False
    shared = len(one & other)
    return shared > _SAME * (len(one) + len(other) - shared)
