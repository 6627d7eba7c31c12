"""Headings of a document, told by size, weight, number and the space around them."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from data.contents import Heading, Line, Page
from ingestion.layout import edge_lines

_LONGEST = 150
_MOST_LINES = 3
_MOST_PER_PAGE = 40
_DEEPEST = 6
# Against the size that most of the document's characters have.
_LARGER = 1.15
_NOT_SMALLER = 0.92
# More bold lines than this on a page are a form or a table, not headings.
_MOST_BOLD = 8

_NUMBERED = re.compile(r"(?:(?:section|chapter|note|item|article|annex|appendix|kapitel)\s+)?"
                       r"(\d{1,2}(?:\.\d{1,2}){0,4}|[A-Z](?:\.\d{1,2}){1,3})[a-z]?[.):]?\s+\S*[^\W\d_]{2}",
                       re.IGNORECASE)  # fmt: skip
_PART = re.compile(r"(?:part|teil|book|volume)\s+(?:[ivx]+|\d+|[a-z])\b", re.IGNORECASE)
_NAMED = re.compile(
    r"(?:item|chapter|appendix|annex|note|kapitel)\s+\w{1,4}[.:—–-]*(?:\s|$)", re.IGNORECASE
)
_CONTENTS = re.compile(r"\.{3,}|(?:\. ){3,}|…|\s\d{1,4}$")
_FIGURES = re.compile(r"[$€£%]|\d[\d.,]*\s+[$(]?\d")


class Style(NamedTuple):
    """How a line is set."""

    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """One or more lines that may be a heading."""

    page: int
    start: int
    end: int
    style: Style
    text: str
    # Text stands close above it; a heading in the body's size needs room.
    crowded: bool
    keys: tuple[str, ...]


class Headings:
    """Collect what may be a heading from page to page, then tell what is one."""

    def __init__(self) -> None:
        self._sizes: Counter[float] = Counter()
        self._bold: Counter[bool] = Counter()
        self._candidates: list[Candidate] = []

    def add(self, page: Page) -> None:
        """Take in the next page."""
        for line in page.lines:
            self._sizes[line.size] += line.end - line.start
            self._bold[line.bold] += line.end - line.start
        edges = {edge.line.start: edge.normalised for edge in edge_lines(page)}
        found = [item for group in _groups(page) for item in _candidates(page, group, edges)]
        self._candidates.extend(found[:_MOST_PER_PAGE])

    def found(self, running: frozenset[str]) -> tuple[Heading, ...]:
        """Return the headings in the order of the text; none is a running line."""
        body = max(self._sizes, key=lambda size: (self._sizes[size], -size), default=0.0)
        bold_matters = self._bold[True] < self._bold[False]
        per_page: Counter[int] = Counter()
        large, plain = [], []
        for item in self._candidates:
            if any(key in running for key in item.keys):
                continue
            if item.style.size >= _LARGER * body:
                large.append(item)
            elif item.style.size >= _NOT_SMALLER * body and _stands_out(item, bold=bold_matters):
                plain.append(item)
                per_page[item.page] += 1
        kept = large + [item for item in plain if per_page[item.page] <= _MOST_BOLD]
        kept.sort(key=lambda item: (item.page, item.start))
        return tuple(_levelled(kept))


def _stands_out(item: Candidate, *, bold: bool) -> bool:
    """Tell whether a line in the body's size is a heading all the same."""
    if item.crowded:
        return False
    weighty = (bold and item.style.bold) or item.text.isupper()
    named = _NAMED.match(item.text) or _PART.match(item.text) or _NUMBERED.match(item.text)
    if named and _CONTENTS.search(item.text):
        return False
    return weighty and (bool(named) or not _FIGURES.search(item.text))


def _groups(page: Page) -> Iterator[list[Line]]:
    """Yield neighbouring lines that are set alike, with no empty line and no number between."""
    group: list[Line] = []
    for line in page.lines:
        if group and not (
            line.start == group[-1].end + 1
            and (line.size, line.bold) == (group[-1].size, group[-1].bold)
            and not _begins_anew(page.text[line.start : line.end])
        ):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _begins_anew(text: str) -> bool:
    return bool(_NUMBERED.match(text) or _PART.match(text) or _NAMED.match(text))


def _candidates(page: Page, group: list[Line], edges: dict[int, str]) -> Iterator[Candidate]:
    """Yield the group as one candidate, unless it is too long to be a heading."""
    start, end = group[0].start, group[-1].end
    if len(group) > _MOST_LINES or end - start > _LONGEST:
        return
    text = " ".join(page.text[start:end].split())
    if not _may_be_heading(text):
        return
    yield Candidate(
        page=page.number,
        start=start,
        end=end,
        style=Style(group[0].size, group[0].bold),
        text=text,
        crowded=start > 0 and page.text[start - 2 : start] != "\n\n",
        keys=tuple(edges[line.start] for line in group if line.start in edges),
    )


def _may_be_heading(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    if letters < 3 or letters < len(text) / 2 or text[0].islower():
        return False
    if text[-1] in ",;" or (text[-1] == "." and not _begins_anew(text)):
        return False
    return not re.search(r"\.{3,}|(?:\. ){3,}", text)


def _levelled(items: list[Candidate]) -> Iterator[Heading]:
    """Give the largest style level 1, and so on; within a style, deeper numbers come deeper."""
    ranks = sorted({_rank(item) for item in items})
    levels = {rank: min(index + 1, _DEEPEST) for index, rank in enumerate(ranks)}
    for item in items:
        yield Heading(item.page, item.start, item.end, levels[_rank(item)], item.text)


def _rank(item: Candidate) -> tuple[float, bool, int]:
    # Half points: the same style differs a little from page to page.
    return -round(2 * item.style.size) / 2, not item.style.bold, _depth(item.text)


def _depth(text: str) -> int:
    if _PART.match(text):
        return 0
    number = _NUMBERED.match(text)
    return number.group(1).count(".") + 1 if number else 1
