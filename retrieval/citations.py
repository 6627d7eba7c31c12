"""The verbatim quotes of passages that show what a sentence says."""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import cached_property
from typing import Self

from data.boxes import Boxes, merged, unpack
from data.contents import Box, Page
from retrieval.events import Citation
from retrieval.passages import Passage
from retrieval.quotes import Claim, Unit, best_quote, units_of

logger = logging.getLogger(__name__)

# The document, its version, the page.
PageKey = tuple[str, int, int]
# A workspace and pages to the texts of those that (still) exist.
ReadPages = Callable[[str, list[PageKey]], Awaitable[dict[PageKey, Page]]]


class QuotedPassage:
    """A passage whose text was found on its pages, character for character."""

    def __init__(self, number: int, passage: Passage, pages: Mapping[int, Page]) -> None:
        self._number = number
        self._passage = passage
        self._pages = pages
        self._boxes: dict[int, Boxes | None] = {}

    @classmethod
    def of(cls, number: int, passage: Passage, pages: Mapping[PageKey, Page]) -> Self | None:
        """Return the passage with its pages, or None when they do not hold its text (any more)."""
        own = {
            span.page: pages.get((passage.document_id, passage.version, span.page))
            for span in passage.spans
        }
        held = {number: page for number, page in own.items() if page is not None}
        texts = [
            held[span.page].text[span.start : span.end]
            for span in passage.spans
            if span.page in held
        ]
        if not texts or "\n".join(texts) != passage.text:
            logger.warning(
                "passage is not on its pages",
                extra={"document_id": passage.document_id, "chunk_id": passage.chunk_id},
            )
            return None
        return cls(number, passage, held)

    @cached_property
    def _spans(self) -> list[tuple[Unit, ...]]:
        return [
            units_of(self._pages[span.page].text[span.start : span.end], span.page, span.start)
            for span in self._passage.spans
        ]

    def citation(self, claim: Claim) -> Citation | None:
        """Return the quote that supports the claim best; None when there is nothing to quote."""
        found = best_quote(claim, self._spans)
        if found is None:
            return None
        return Citation(
            number=self._number,
            document_id=self._passage.document_id,
            version=self._passage.version,
            filename=self._passage.filename,
            page=found.page,
            quote=self._pages[found.page].text[found.start : found.end],
            start=found.start,
            end=found.end,
            boxes=self._boxes_of(found.page, found.start, found.end),
            verified=found.supports,
        )

    def _boxes_of(self, page: int, start: int, end: int) -> tuple[Box, ...]:
        """Return where the quote stands; nothing when the page does not say."""
        if page not in self._boxes:
            try:
                self._boxes[page] = unpack(self._pages[page].boxes)
            except ValueError:
                self._boxes[page] = None
        boxes = self._boxes[page]
        return () if boxes is None else tuple(merged(boxes[start:end]))


def pages_of(passages: Iterator[Passage]) -> list[PageKey]:
    """Return the pages on which the passages stand, each once."""
    return sorted({(p.document_id, p.version, span.page) for p in passages for span in p.spans})
