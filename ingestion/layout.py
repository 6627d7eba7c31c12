"""Lines that run over the tops and bottoms of pages, and how they are told from text."""

import re
from collections import defaultdict
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from data.boxes import unpack
from data.contents import Line, LineKind, Page, Profile

# This many rows at the top and at the bottom of a page may be running ones.
EDGE_ROWS = 3
_PAGES = 3
_SHARE = 0.3
# Of the pages between its first and its last one: a chapter's header, on left pages only.
_DENSE_PAGES = 4
_DENSE_SHARE = 0.4
# Behind the outermost row, running lines stand at the same height but for this share of the page.
# In the outermost one they may not: a footer of a printed web page follows its text.
_DRIFT = 0.02
_LONGEST = 200
# Of a running line that is a title.
_MOST_WORDS = 12

_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")
_ROMAN = re.compile(r"[ivxlc]+")
_PAGE_NUMBER = re.compile(
    r"[^\w#]*(?:(?:page|seite|p\.)?[^\w#]*|[a-z]{1,2}[-–])#(?:\s*(?:of|von|de|sur|/)\s*#)?[^\w#]*"
)
# They begin what is bound together with a document; each has another number.
_BOUND = re.compile(r"(?:exhibit|appendix|annex|schedule|anlage)\s+#?")


class EdgeLine(NamedTuple):
    """A line near the top or bottom of a page: how many rows from it, and at what height."""

    line: Line
    normalised: str
    row: int
    height: float


def normalised(line_text: str) -> str:
    """Return a line in the form in which running lines are equal on all pages."""
    text = " ".join(line_text.casefold().split())
    return "#" if _ROMAN.fullmatch(text) else _NUMBERS.sub("#", text)


def edge_lines(page: Page) -> Iterator[EdgeLine]:
    """Yield the lines of the first and last rows, by where they stand and not by their order."""
    rows = _rows(page)
    for index, row in enumerate(rows):
        depth = min(index, len(rows) - 1 - index)
        if depth < EDGE_ROWS:
            for line, height in row:
                text = page.text[line.start : line.end]
                if len(text) <= _LONGEST:
                    yield EdgeLine(line, normalised(text), depth, height)


def running_spans(page: Page, profile: Profile) -> list[tuple[int, int]]:
    """Return the ranges of the page's running lines, ascending."""
    return sorted(
        (edge.line.start, edge.line.end)
        for edge in edge_lines(page)
        if edge.normalised in profile.running and _may_run(edge)
    )


class RunningLines:
    """Collect the edges of a document's pages, then tell which of their lines run."""

    def __init__(self) -> None:
        self._pages = 0
        # A line to its pages, and to its height on each unless it stands in the outermost row.
        self._seen: defaultdict[str, dict[int, float | None]] = defaultdict(dict)
        self._spelled: dict[str, str] = {}

    def add(self, page: Page) -> None:
        """Take in the next page."""
        self._pages += 1
        for edge in edge_lines(page):
            if _may_run(edge):
                height = None if edge.row == 0 else edge.height
                self._seen[edge.normalised].setdefault(self._pages, height)
                if edge.normalised not in self._spelled:
                    text = page.text[edge.line.start : edge.line.end]
                    self._spelled[edge.normalised] = " ".join(text.split())

    def found(self) -> frozenset[str]:
        """Return the normalised lines that recur at the same height on enough pages."""
        return frozenset(text for text, heights in self._seen.items() if self._runs(heights))

    def fuller(self, words: str, found: frozenset[str]) -> str | None:
        """Return the running line that says these words and some more, as it is printed."""
        pattern = re.compile(rf"(?<!\w){re.escape(normalised(words))}(?!\w)")
        lines = [text for text in found if "#" not in text and pattern.search(text)]
        longer = [text for text in lines if len(words.split()) < len(text.split()) <= _MOST_WORDS]
        return self._spelled[min(longer, key=lambda text: (len(text), text))] if longer else None

    def _runs(self, heights: dict[int, float | None]) -> bool:
        inner = [height for height in heights.values() if height is not None]
        usual = median(inner) if inner else 0.0
        pages = [
            page
            for page, height in heights.items()
            if height is None or abs(height - usual) <= _DRIFT
        ]
        if len(pages) < _PAGES:
            return False
        if len(pages) >= _SHARE * self._pages:
            return True
        span = pages[-1] - pages[0] + 1
        return len(pages) >= _DENSE_PAGES and len(pages) >= _DENSE_SHARE * span


def _may_run(edge: EdgeLine) -> bool:
    """Tell whether a line may be a running one: words, or a page number in the last row."""
    if edge.row == 0 and _PAGE_NUMBER.fullmatch(edge.normalised):
        return True
    # A table that goes on over pages repeats its head, and needs it.
    if edge.line.kind is LineKind.TABLE_HEAD or _BOUND.fullmatch(edge.normalised):
        return False
    return sum(map(str.isalpha, edge.normalised)) >= 2


def _rows(page: Page) -> list[list[tuple[Line, float]]]:
    """Return the lines that have a place as rows from top to bottom, each with its height."""
    boxes = unpack(page.boxes)
    placed = []
    for line in page.lines:
        if 0 <= line.start < line.end <= len(boxes):
            _, y0, _, y1 = boxes[line.start].tolist()
            if y1 > y0:
                placed.append(((y0 + y1) / 2, y1 - y0, line))
    placed.sort(key=lambda item: (item[0], item[2].start))
    rows: list[list[tuple[Line, float]]] = []
    top = -1.0
    for middle, height, line in placed:
        if not rows or middle - top > height / 2:
            rows.append([])
            top = middle
        rows[-1].append((line, middle))
    return rows
