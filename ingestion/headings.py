"""Headings of a document: those its file lists, else told by size, weight, number and space."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from data.contents import Heading, LineKind, OutlineEntry, Page
from ingestion.bookmarks import Bookmarks
from ingestion.candidates import CONTENTS, NUMBERED, Candidate, begins_anew, candidates_of
from ingestion.levels import levelled

# Against the size that most characters around have.
_LARGER = 1.15
_NOT_SMALLER = 0.92
# So many pages before and after count as around: the parts of a filing are set differently.
_AROUND = 2
# More bold lines than this on a page are a form or a table, not headings.
_MOST_BOLD = 10
# A line that recurs more often names a cell or a step, not a section.
_MOST_OFTEN = 4
# Larger letters than the text's are a sentence all the same from so many words on.
_MOST_WORDS = 16

_FIGURES = re.compile(r"[$€£%]|\d[\d.,]*\s+[$(]?\d")


class Headings:
    """Collect what may be a heading from page to page, then tell what is one."""

    def __init__(self, outline: Sequence[OutlineEntry] = ()) -> None:
        self._sizes: list[Counter[float]] = []
        self._bold: Counter[bool] = Counter()
        self._candidates: list[Candidate] = []
        self._bookmarks = Bookmarks(outline)
        self._numbers: list[int] = []

    def add(self, page: Page) -> None:
        """Take in the next page."""
        sizes: Counter[float] = Counter()
        for line in page.lines:
            if line.kind is LineKind.TEXT:
                sizes[line.size] += line.end - line.start
                self._bold[line.bold] += line.end - line.start
        self._sizes.append(sizes)
        self._numbers.append(page.number)
        self._candidates.extend(candidates_of(page))
        self._bookmarks.add(page)

    def found(self, running: frozenset[str], *, skipped: int = 0) -> tuple[Heading, ...]:
        """Return the headings in the order of the text; none is a running line.

        The first ``skipped`` pages have none: a form's cover is all labels.
        """
        bodies = dict(zip(self._numbers, _bodies(self._sizes), strict=True))
        guessed = self._guessed(running, bodies, {*self._numbers[:skipped]})
        headings = tuple(levelled([(item, bodies[item.page]) for item in guessed]))
        listed = self._bookmarks.found()
        return merged(listed, headings) if listed else headings

    def _guessed(
        self, running: frozenset[str], bodies: dict[int, float], skipped: set[int]
    ) -> list[Candidate]:
        bold_matters = self._bold[True] < self._bold[False]
        often = Counter(item.text.casefold() for item in self._candidates)
        per_page: Counter[int] = Counter()
        large, plain = [], []
        for item in self._candidates:
            if item.page in skipped or any(key in running for key in item.keys):
                continue
            if often[item.text.casefold()] > _MOST_OFTEN:
                continue
            body = bodies[item.page]
            if item.style.size >= _LARGER * body:
                if _is_short(item):
                    large.append(item)
            elif item.style.size >= _NOT_SMALLER * body and _stands_out(item, bold=bold_matters):
                plain.append(item)
                per_page[item.page] += 1
        kept = large + [item for item in plain if per_page[item.page] <= _MOST_BOLD]
        kept.sort(key=lambda item: (item.page, item.start))
        return kept


def merged(listed: Sequence[Heading], guessed: Sequence[Heading]) -> tuple[Heading, ...]:
    """Return the listed headings and, between them, the guessed ones.

    A guessed one is as deep as those listed ones that look like it, else deeper than all.
    """
    deepest = max(heading.level for heading in listed)
    places = [(heading.page, heading.start) for heading in listed]
    levels: defaultdict[int, Counter[int]] = defaultdict(Counter)
    between = []
    for heading in guessed:
        at = bisect_left(places, (heading.page, heading.end)) - 1
        before = listed[at] if at >= 0 else None
        if before and before.page == heading.page and before.end > heading.start:
            levels[heading.level][before.level] += 1
        elif before:
            between.append(heading)
    alike = {level: listed_as.most_common(1)[0][0] for level, listed_as in levels.items()}
    kept = [
        replace(heading, level=alike.get(heading.level, deepest + heading.level))
        for heading in between
    ]
    return tuple(sorted([*listed, *kept], key=lambda heading: (heading.page, heading.start)))


def _bodies(sizes: Sequence[Counter[float]]) -> list[float]:
    """Return for each page the size that most characters on it and around it have."""
    bodies = []
    for index in range(len(sizes)):
        around: Counter[float] = Counter()
        for some in sizes[max(index - _AROUND, 0) : index + _AROUND + 1]:
            around.update(some)
        bodies.append(max(around, key=lambda size: (around[size], -size), default=0.0))
    return bodies


def _is_short(item: Candidate) -> bool:
    """Tell whether large letters are a heading, and no sentence that is merely set large."""
    words = item.text.split()
    if len(words) <= _MOST_WORDS or item.style.bold:
        return True
    return bool(NUMBERED.match(item.text))


def _stands_out(item: Candidate, *, bold: bool) -> bool:
    """Tell whether a line in the body's size is a heading all the same."""
    if item.crowded:
        return False
    weighty = (bold and item.style.bold) or item.text.isupper()
    is_named = begins_anew(item.text)
    if is_named and CONTENTS.search(item.text):
        return False
    return weighty and (is_named or not _FIGURES.search(item.text))
