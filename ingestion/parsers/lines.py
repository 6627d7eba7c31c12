"""The lines of a page and the empty lines between its paragraphs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data.boxes import Boxes
from data.contents import Line, LineKind
from ingestion.parsers.cleaning import Characters
from ingestion.parsers.footnotes import with_footnotes_last

# The parser's index of a character to its font size in points, and whether its font is bold.
StyleOf = Callable[[int], tuple[float, bool]]

# A gap this much of a line's height wider than the page's usual one starts a paragraph.
_WIDER = 0.4
# So does a font this much larger or smaller.
_RESIZED = 1.2
# A sentence runs on over a gap of up to this many heights: its lines are spaced unevenly.
_RUNS_ON = 1.5
_TABLE = (LineKind.TABLE_HEAD, LineKind.TABLE_ROW)


class Composition(NamedTuple):
    """A page's characters with empty lines between its paragraphs, and its lines."""

    characters: Characters
    lines: tuple[Line, ...]


def composed(
    characters: Characters, style_of: StyleOf, kinds: Sequence[LineKind] = ()
) -> Composition:
    """Find the lines, and put an empty one where a clear gap or a new font size shows a border.

    ``kinds`` are those of the lines, if known. No border divides the rows of a table. Footnotes
    come last.
    """
    if not len(characters.codes):
        return Composition(characters, ())
    spans = _spans(characters)
    kinds = kinds or (LineKind.TEXT,) * len(spans)
    found = [
        Line(start, end, *_style(characters, start, end, style_of), kind)
        for (start, end), kind in zip(spans, kinds, strict=True)
    ]
    characters, found = with_footnotes_last(characters, found)
    spans = [(line.start, line.end) for line in found]
    kinds = [line.kind for line in found]
    borders = _borders(characters, spans, [line.size for line in found]) & ~_in_tables(kinds)
    shifts = np.concatenate([[0], np.cumsum(borders)]).tolist()
    lines = tuple(
        replace(line, start=line.start + shift, end=line.end + shift)
        for line, shift in zip(found, shifts, strict=True)
    )
    # The line end before a border is doubled, with its empty box.
    at = np.array(
        [end for (_, end), border in zip(spans[:-1], borders, strict=True) if border], int
    )
    codes, boxes, source = characters
    widened = Characters(
        np.insert(codes, at, codes[at]),
        np.insert(boxes, at, boxes[at], axis=0),
        np.insert(source, at, source[at]),
    )
    return Composition(widened, lines)


def _in_tables(kinds: Sequence[LineKind]) -> npt.NDArray[np.bool_]:
    """Return for each line but the last whether it and the next one are rows of one table."""
    rows = np.array([kind in _TABLE for kind in kinds], bool)
    heads = np.array([kind == LineKind.TABLE_HEAD for kind in kinds], bool)
    # A head below a row is another table's.
    return np.asarray(rows[:-1] & rows[1:] & ~(~heads[:-1] & heads[1:]))


def _spans(characters: Characters) -> list[tuple[int, int]]:
    ends = [*np.flatnonzero(characters.codes == ord("\n")).tolist(), len(characters.codes)]
    return list(zip([0, *(end + 1 for end in ends[:-1])], ends, strict=True))


def _style(characters: Characters, start: int, end: int, style_of: StyleOf) -> tuple[float, bool]:
    """Return a line's font size, and whether it is bold from its first to its last character."""
    # A space that PDFium adds between two words is of size 1, and of no font.
    source = characters.source[start:end][characters.codes[start:end] > ord(" ")]
    if not len(source):
        return 0.0, False
    size, bold = style_of(int(source[len(source) // 2]))
    bold = bold and style_of(int(source[0]))[1] and style_of(int(source[-1]))[1]
    return round(size, 1), bold


def _borders(
    characters: Characters, spans: list[tuple[int, int]], sizes: list[float]
) -> npt.NDArray[np.bool_]:
    """Return for each line but the last whether a paragraph ends with it."""
    first, last = _outermost(characters.boxes, spans)
    heights = np.maximum(np.minimum(first[:, 3] - first[:, 1], last[:, 3] - last[:, 1]), 1e-6)
    gaps = (first[1:, 1] - last[:-1, 3]) / np.minimum(heights[1:], heights[:-1])
    # Lines that follow below; a jump up is the next column, none is the same line.
    below = (first[1:, 3] - last[:-1, 3]) > 0.5 * np.minimum(heights[1:], heights[:-1])
    usual = gaps[below & (gaps < 2)]
    if not len(usual):
        return np.asarray(below & (gaps > 1))
    size = np.maximum(np.array(sizes), 0.1)
    resized = np.maximum(size[1:] / size[:-1], size[:-1] / size[1:]) > _RESIZED
    wide = gaps > np.median(usual) + _WIDER
    runs_on = (gaps < _RUNS_ON) & _sentence_runs_on(characters.text, spans)
    return np.asarray(below & ((wide & ~runs_on) | resized))


def _outermost(boxes: Boxes, spans: list[tuple[int, int]]) -> tuple[Boxes, Boxes]:
    """Return the boxes of each line's first and last character that has a place."""
    placed = np.flatnonzero(boxes[:, 3] > boxes[:, 1])
    starts, ends = np.array(spans).T
    if not len(placed):
        return boxes[starts], boxes[ends - 1]
    most = len(placed) - 1
    first = placed[np.minimum(np.searchsorted(placed, starts), most)]
    last = placed[np.maximum(np.searchsorted(placed, ends) - 1, 0)]
    return (
        boxes[np.where((first >= starts) & (first < ends), first, starts)],
        boxes[np.where((last >= starts) & (last < ends), last, ends - 1)],
    )


def _sentence_runs_on(text: str, spans: list[tuple[int, int]]) -> npt.NDArray[np.bool_]:
    """Return where a line stops without a full stop and the next one starts small."""
    return np.array(
        [
            text[end - 1] not in ".:;!?" and text[start].islower()
            for (_, end), (start, _) in pairwise(spans)
        ],
        dtype=bool,
    )
