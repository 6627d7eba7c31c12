"""Chunks that were found become passages; for an answer, with the neighbours beside them."""

from collections.abc import Iterable, Iterator, Sequence

from data.chunks import chunk_id
from data.contents import StoredChunk
from retrieval.fusion import Hit
from retrieval.passages import Passage, Span

# How many chunks on either side a passage may grow over.
_REACH = 2


def single(hit: Hit) -> Passage:
    """Return a hit as a passage of its own."""
    return _passage(hit, [hit.chunk])


def neighbours(hits: Sequence[Hit]) -> tuple[str, ...]:
    """Return the ids of the chunks before and after the hits, but for the hits' own."""
    own = {hit.chunk.id for hit in hits}
    beside = {
        chunk_id(hit.chunk.document_id, hit.chunk.version, hit.chunk.number + step)
        for hit in hits
        for step in range(-_REACH, _REACH + 1)
        if hit.chunk.number + step >= 0
    }
    return tuple(beside - own)


def joined(
    hits: Sequence[Hit], near: Iterable[StoredChunk], characters: int, limit: int
) -> tuple[Passage, ...]:
    """Return the best hits with the neighbours that fit, each chunk in one passage only.

    A hit that is in a better one's passage already adds nothing of its own. ``characters``
    bounds a passage; the hit itself is always in it, whole.
    """
    own = (hit.chunk for hit in hits)
    known = {(one.document_id, one.version, one.number): one for one in (*near, *own)}
    taken: set[str] = set()
    passages: list[Passage] = []
    # No passage grows over a chunk that may head one itself.
    heads = {hit.chunk.id for hit in hits[:limit]}
    for hit in hits:
        if len(passages) == limit:
            break
        if hit.chunk.id in taken:
            continue
        chunks = _grown(hit.chunk, known, taken | heads, characters)
        taken.update(chunk.id for chunk in chunks)
        passages.append(_passage(hit, chunks))
    return tuple(passages)


def _grown(
    chunk: StoredChunk,
    known: dict[tuple[str, int, int], StoredChunk],
    barred: set[str],
    characters: int,
) -> list[StoredChunk]:
    """Return the chunk with what follows and then what precedes it in its section."""
    grown = [chunk]
    left = characters - len(chunk.text)
    for step in (1, -1) * _REACH:
        edge = grown[-1] if step == 1 else grown[0]
        near = known.get((edge.document_id, edge.version, edge.number + step))
        if near is None or near.section != chunk.section:
            continue
        if near.id in barred or len(near.text) > left:
            continue
        left -= len(near.text)
        grown.insert(len(grown) if step == 1 else 0, near)
    return grown


def _passage(hit: Hit, chunks: Sequence[StoredChunk]) -> Passage:
    best = hit.chunk
    # The head of a table stands before each of its parts; once is enough.
    spans = dict(span for chunk in chunks for span in _spans(chunk))
    return Passage(
        chunk_id=best.id,
        document_id=best.document_id,
        version=best.version,
        filename=best.filename,
        title=best.title,
        library=best.library,
        page=best.page,
        page_end=max(best.page, chunks[-1].page),
        section=best.section,
        text="\n".join(spans.values()),
        score=round(hit.score, 6),
        ranks=hit.ranks,
        spans=tuple(spans),
    )


def _spans(chunk: StoredChunk) -> Iterator[tuple[Span, str]]:
    """Yield the ranges of a chunk with their texts, which its own text joins by line ends."""
    at = 0
    for start, end in chunk.ranges:
        yield Span(chunk.page, start, end), chunk.text[at : at + end - start]
        at += end - start + 1
