"""The sentences and table rows that may be quoted, each with what it is understood by."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from data.sentences import CELL, is_row
from retrieval.markers import without_markers
from retrieval.passages import Passage
from retrieval.quotes import quotable
from retrieval.words import words_of

# Lines at the top of a table that name its columns, at most.
_MOST_HEADS = 2
_STOPS = (".", "!", "?", "。", "！", "？")
_ENDS = re.compile(r"[.!?:;…。！？：；｡][\"'”’»)\]」』）】]*\d{0,3}$")
# At the end of a row.
_EMPTY_CELLS = re.compile(r"(?: \|)+$")
_FIGURE = re.compile(r"[^\w]*(?:\d[^a-zA-Z]*|n/?a|nm|[-–—])?[^\w]*", re.IGNORECASE)
_DATE = re.compile(
    r"\b(?:FY|CY)?\s?(?:19|20)\d\d[A-Z]?\b|\b(?:[QH][1-4]|[1-4][QH])\b"
    r"|\b[A-Z][a-z]{2,8}\.? \d{1,2}\b"
)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A sentence of a passage: one line of text, and its place in reading order."""

    number: int
    document_id: str
    place: tuple[int, int]
    text: str
    is_row: bool
    words: frozenset[str]
    # The words of the title and the section that it stands under.
    headings: frozenset[str]
    # Those, and the words that it takes up from what stands before or above it.
    context: frozenset[str]
    # What stands before it in its passage, and what names its columns.
    before: "Candidate | None" = field(repr=False)
    heads: "tuple[Candidate, ...]" = field(repr=False)

    @property
    def is_fragment(self) -> bool:
        """Whether it is a heading, a cell or a broken line: no row, nor ended as prose is."""
        return not self.is_row and not _ENDS.search(self.text)

    @property
    def gist(self) -> str:
        """What it says but for figures, which have no meaning to an embedder."""
        if not self.is_row:
            return self.text
        cells = self.text.split(CELL) if CELL in self.text else self.text.split()
        named = " ".join(cell for cell in cells if not _FIGURE.fullmatch(cell))
        return named or self.text


def candidates_of(passages: tuple[Passage, ...]) -> list[Candidate]:
    """Return all sentences of the passages, in order; not all of them can answer."""
    return [
        one
        for number, passage in enumerate(passages, start=1)
        for one in _candidates(number, passage)
    ]


def _candidates(number: int, passage: Passage) -> Iterator[Candidate]:
    headings = frozenset(words_of(f"{passage.title or ''} {passage.section}"))
    before: Candidate | None = None
    table = _Table()
    for page, start, line in _lines(passage):
        row = is_row(line)
        context = table.words if row else before.words if before else frozenset()
        one = Candidate(
            number=number,
            document_id=passage.document_id,
            place=(page, start),
            text=line,
            is_row=row,
            words=frozenset(words_of(line)),
            headings=headings,
            context=headings | context,
            before=before,
            heads=table.heads_of(line) if row else (),
        )
        table.follow(one)
        yield one
        before = one


class _Table:
    """The table that is being read: what stands above it, and the rows that name its columns."""

    def __init__(self) -> None:
        self.heads: tuple[Candidate, ...] = ()
        self._caption: frozenset[str] = frozenset()
        self._begun = False
        self._named: set[str] = set()

    @property
    def words(self) -> frozenset[str]:
        """The words that stand above a row."""
        return self._caption.union(*(head.words for head in self.heads))

    def heads_of(self, row: str) -> tuple[Candidate, ...]:
        """Return what names the columns of a row: dates do, other words above figures."""
        figures = any(map(str.isdigit, row))
        return tuple(
            head
            for head in self.heads
            if head.text != row and (figures or head.text.count(CELL) > 1)
        )

    def follow(self, line: Candidate) -> None:
        """Take notice of the next line of the passage."""
        if not line.is_row:
            self._caption = line.words
            if line.text.endswith(_STOPS):  # prose stands between two tables
                self.heads, self._begun, self._named = (), False, set()
        elif self._names_columns(line.text):
            heads = () if self._begun else self.heads
            if line.text not in (head.text for head in heads):
                self.heads = (*heads, line)[-_MOST_HEADS:]
            self._begun = False
            self._named.add(line.text)
        else:
            self._begun = True

    def _names_columns(self, row: str) -> bool:
        """Tell whether all figures of a row are years or dates; without any, by its place.

        A table that goes on over pages names its columns on each of them.
        """
        if row in self._named:
            return True
        rest, dates = _DATE.subn(" ", row)
        if any(map(str.isdigit, rest)):
            return False
        return dates > 0 or not (self.heads or self._begun)


def _lines(passage: Passage) -> Iterator[tuple[int, int, str]]:
    """Yield page, offset and text of each sentence, on one line."""
    for span, text in zip(passage.spans, passage.span_texts(), strict=True):
        for start, end in quotable(text):
            # The document's own "[3]" must not read as a marker of ours.
            line = " ".join(without_markers(text[start:end]).split())
            line = _EMPTY_CELLS.sub("", line)
            if line:
                yield span.page, span.start + start, line
