"""Footnotes: set smaller at the foot of a page, and read after its text."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from data.boxes import Boxes
from data.contents import Line, LineKind
from ingestion.parsers.assembly import Unit, assembled
from ingestion.parsers.cleaning import Characters

# What a footnote begins with: a number or a sign, then words.
_MARK = re.compile(r"(?:\d{1,3}|[*†‡§¶]{1,3}|[(\[]?[a-z\d]{1,2}[)\]])[.:]?\s*[\"“‘(]?[^\W\d_]")
# It is set in so much of the text's size at most, and stands below this part of the page.
_SMALLER = 0.93
_LOWER = 0.5
# Its lines differ by no more points; it has so many characters at least.
_ALIKE = 0.6
_SHORTEST = 15
# Text below it shows that it is none; what stands this low, or is so short, runs over all pages.
_MARGIN = 0.93
_TEXT = 25


class _Place(NamedTuple):
    """Where a line stands on the page: its left and right end, and its top."""

    x0: float
    x1: float
    y0: float


def with_footnotes_last(
    characters: Characters, lines: Sequence[Line]
) -> tuple[Characters, list[Line]]:
    """Return the text with its footnotes at the end, and the lines, those of footnotes known."""
    notes = _footnotes(characters, lines)
    if not notes:
        return characters, list(lines)
    kept = [line for at, line in enumerate(lines) if at not in notes]
    last = [replace(lines[at], kind=LineKind.FOOTNOTE) for at in sorted(notes)]
    moved, start = [], 0
    for line in kept + last:
        end = start + line.end - line.start
        moved.append(replace(line, start=start, end=end))
        start = end + 1
    units = [Unit([(line.start, line.end)], [line.kind]) for line in kept + last]
    return assembled(characters, units), moved


def _footnotes(characters: Characters, lines: Sequence[Line]) -> set[int]:
    """Return which lines are of footnotes."""
    body = _body_size(lines)
    small = [line.kind is LineKind.TEXT and line.size <= _SMALLER * body for line in lines]
    if not any(small):
        return set()
    text = characters.text
    places = [_place(characters.boxes, line) for line in lines]
    full = [
        place
        for line, place, is_small in zip(lines, places, small, strict=True)
        if not is_small and line.end - line.start >= _TEXT and place.y0 < _MARGIN
    ]
    found: set[int] = set()
    for at, (line, place) in enumerate(zip(lines, places, strict=True)):
        if not small[at] or place.y0 < _LOWER:
            continue
        last = lines[at - 1] if at - 1 in found else None
        goes_on = (
            last is not None
            and abs(last.size - line.size) <= _ALIKE
            and place.y0 > places[at - 1].y0
            and _share(place, places[at - 1])
        )
        begins = line.end - line.start >= _SHORTEST and _MARK.match(text, line.start, line.end)
        if goes_on or (begins and not _has_text_below(place, full)):
            found.add(at)
    return found


def _has_text_below(place: _Place, full: Sequence[_Place]) -> bool:
    return any(other.y0 > place.y0 and _share(place, other) for other in full)


def _share(one: _Place, other: _Place) -> bool:
    """Tell whether two lines stand in one column."""
    return one.x0 < other.x1 and other.x0 < one.x1


def _body_size(lines: Sequence[Line]) -> float:
    """Return the size of most of the text."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += line.end - line.start
    return sizes.most_common(1)[0][0]


def _place(boxes: Boxes, line: Line) -> _Place:
    x0, y0, _, _ = boxes[line.start].tolist()
    return _Place(x0, float(boxes[line.end - 1, 2]), y0)
