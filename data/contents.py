"""Frozen records of what is inside a document: pages, lines, chunks and their vectors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

# Shape (texts, dimensions), unit length.
Vectors = npt.NDArray[np.float32]
# One row of them.
Vector = npt.NDArray[np.float32]
# x0, y0, x1, y1 as fractions of the displayed page, from its top left.
Box = tuple[float, float, float, float]
# Texts to their vectors, one row each.
Embed = Callable[[Sequence[str]], Vectors]
# The codes of warnings about pages.
PAGE_UNREADABLE = "page_unreadable"
PAGE_TRUNCATED = "page_truncated"
NO_TEXT = "no_text"
OCR_SKIPPED = "ocr_skipped"
OCR_FAILED = "ocr_failed"
# A text to the character offset at which each of its tokens starts (no special tokens).
TokenStarts = Callable[[str], Sequence[int]]


class LineKind(StrEnum):
    """What a line is part of. The values are stored."""

    TEXT = ""
    # Rows of a table, cells set apart by " | "; the head is what the columns are called.
    TABLE_HEAD = "head"
    TABLE_ROW = "row"
    FOOTNOTE = "note"


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """An entry of the table of contents that a file brings along; 1 is the outermost level."""

    page: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file says of itself when it is opened."""

    pages: int
    title: str | None = None
    author: str | None = None
    # When it was made, as ISO 8601: a day, or a day and a time.
    created: str | None = None
    outline: tuple[OutlineEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """What a document is about, told by the file and by its first pages; all may be unknown."""

    author: str | None = None
    # As ISO 8601: a day, a month or a year.
    date: str | None = None
    # Whom it is about or from: "3M Company".
    company: str | None = None
    # Which time it is about: "2018", "Q2 2023", "2022-07-01".
    period: str | None = None
    # What kind of document it is, in its own field's words: "10-K", "earnings release".
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page's text: its range and how it is set."""

    start: int
    end: int
    # Font size in points, and whether the font is bold.
    size: float
    bold: bool
    kind: LineKind = LineKind.TEXT


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was read. ``boxes`` are packed (data/boxes.py), one per character."""

    number: int
    text: str
    boxes: bytes
    lines: tuple[Line, ...] = ()
    ocr: bool = False
    # The code of a warning about this page, for example ``page_unreadable``.
    warning: str | None = None
    # What OCR took for it; not stored.
    ocr_seconds: float = 0.0
    # What is printed or said instead of the number: "iv", "A-3", a sheet's name.
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading and where it stands; 1 is the outermost level."""

    page: int
    start: int
    end: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a document as a whole, before it is cut into chunks."""

    title: str
    # Lines that run over the tops and bottoms of pages, digits as "#" (layout.normalised).
    running: frozenset[str] = frozenset()
    headings: tuple[Heading, ...] = ()
    about: About = field(default_factory=About)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some ranges of one page that are embedded and found together."""

    number: int
    page: int
    # Code points of the page's text, half open, ascending.
    ranges: tuple[tuple[int, int], ...]
    section: str
    text: str
    # What is embedded and indexed: "title > section", then the text.
    embedded: str


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk with its address, its document and its library, as searches read it."""

    id: str
    document_id: str
    library_id: str
    library: str
    version: int
    filename: str
    title: str | None
    number: int
    page: int
    ranges: tuple[tuple[int, int], ...]
    section: str
    text: str
