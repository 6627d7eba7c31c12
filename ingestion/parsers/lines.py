"""The lines of a page and the empty lines between its paragraphs."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data.contents import Line
from ingestion.parsers.cleaning import Characters

# The parser's index of a character to its font size in points, and whether its font is bold.
StyleOf = Callable[[int], tuple[float, bool]]

# A gap this much of a line's height wider than the page's usual one starts a paragraph.
_WIDER = 0.4
# So does a font this much larger or smaller.
_RESIZED = 1.2
# A sentence runs on over a gap of up to this many heights: its lines are spaced unevenly.
_RUNS_ON = 1.5


class Composition(NamedTuple):
    """A page's characters with empty lines between its paragraphs, and its lines."""

    characters: Characters
    lines: tuple[Line, ...]


def composed(characters: Characters, style_of: StyleOf) -> Composition:
    """Find the lines, and put an empty one where a clear gap or a new font size shows a border.

    The order is the parser's own.
    """
    if not len(characters.codes):
        return Composition(characters, ())
    spans = _spans(characters)
    styles = [_style(characters, start, end, style_of) for start, end in spans]
    borders = _borders(characters, spans, [size for size, _ in styles])
    shifts = np.concatenate([[0], np.cumsum(borders)])
    lines = tuple(
        Line(int(start + shift), int(end + shift), size, bold)
        for (start, end), shift, (size, bold) in zip(spans, shifts, styles, strict=True)
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
    first = characters.boxes[[start for start, _ in spans]]
    last = characters.boxes[[end - 1 for _, end in spans]]
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


def _sentence_runs_on(text: str, spans: list[tuple[int, int]]) -> npt.NDArray[np.bool_]:
    """Return where a line stops without a full stop and the next one starts small."""
    return np.array(
        [
            text[end - 1] not in ".:;!?" and text[start].islower()
            for (_, end), (start, _) in pairwise(spans)
        ],
        dtype=bool,
    )
