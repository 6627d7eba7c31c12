"""Pieces of a page: words that stand beside each other, up to a gap that sets them apart."""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ingestion.parsers.cleaning import Characters, Codes, Indices

# x0, y0, x1, y1 in points from the top left of the page as it is displayed.
Extents = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# A gap of so many heights of the text sets pieces apart; between figures, a smaller one does.
_GAP = 1.0
_GAP_OF_FIGURES = 0.35
# Where columns are narrow, a space so wide may set what they are called apart.
_WIDE_SPACE = 0.5
# Words of one piece overlap by less, and their middles lie nearer to each other.
_OVERLAP = -0.5
_LEVEL = 0.3
_SPACE = 0x20
_FIGURE = "0123456789.,$€£¥%()[]+-–—−*/"


class Pieces(NamedTuple):
    """The pieces in the parser's order: ranges of characters, where they stand, what they are."""

    starts: Indices
    ends: Indices
    extents: Extents
    # Whether a piece has nothing but digits and what stands with them in figures.
    figures: Mask
    # Where wide spaces within pieces are: the piece, the character behind, left and right end.
    spaces: list[tuple[int, int, float, float]]

    def __len__(self) -> int:
        return len(self.starts)


def pieces_of(characters: Characters, size: tuple[float, float]) -> Pieces:
    """Return the pieces of a page that is displayed so many points wide and high."""
    words = _words(characters.codes)
    extents = _extents(characters.boxes, *words) * np.array([*size, *size])
    figures = _are_figures(characters.codes, *words)
    starts, ends = words
    gaps = _gaps(extents)
    joined = _joined(extents, figures, gaps)
    first = np.flatnonzero(np.concatenate([[True], ~joined]))
    last = np.append(first[1:], len(starts)) - 1
    low = np.minimum.reduceat(extents[:, :2], first)
    high = np.maximum.reduceat(extents[:, 2:], first)
    around = np.concatenate([low, high], axis=1)
    wide = np.flatnonzero(joined & (gaps >= _WIDE_SPACE))
    owners = np.cumsum(~joined)[wide]
    spaces = zip(
        owners.tolist(), starts[wide + 1].tolist(),
        extents[wide, 2].tolist(), extents[wide + 1, 0].tolist(), strict=True,
    )  # fmt: skip
    return Pieces(
        starts[first], ends[last], around,
        np.asarray(np.logical_and.reduceat(figures, first)), list(spaces),
    )  # fmt: skip


def _words(codes: Codes) -> tuple[Indices, Indices]:
    """Return where the words start and end; there is one at least."""
    inked = np.concatenate([[False], codes > _SPACE, [False]])
    steps = np.diff(inked.astype(np.int8))
    return np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)


def _extents(boxes: npt.NDArray[np.float32], starts: Indices, ends: Indices) -> Extents:
    """Return where each word stands; of one that runs on in the next line, its first part."""
    placed = boxes.astype(float)
    none = (placed[:, 2] <= placed[:, 0]) | (placed[:, 3] <= placed[:, 1])
    placed[none] = (np.inf, np.inf, -np.inf, -np.inf)
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    away = (middles[1:] > boxes[:-1, 3]) | (middles[1:] < boxes[:-1, 1])
    away &= ~(none[1:] | none[:-1])
    away[starts[1:] - 1] = False
    breaks = np.flatnonzero(away) + 1
    if len(breaks):
        # Everything from the break to the word's end does not count.
        ended = ends[np.searchsorted(ends, breaks, side="right")]
        steps = np.zeros(len(boxes) + 1, np.int64)
        np.add.at(steps, breaks, 1)
        np.add.at(steps, ended, -1)
        placed[np.cumsum(steps[:-1]) > 0] = (np.inf, np.inf, -np.inf, -np.inf)
    # White space between the words is left out by taking every other segment.
    edges = np.stack([starts, ends], axis=1).ravel()
    edges = edges[:-1] if edges[-1] == len(boxes) else edges
    low = np.minimum.reduceat(placed[:, :2], edges)[::2]
    high = np.maximum.reduceat(placed[:, 2:], edges)[::2]
    return np.concatenate([low, high], axis=1)


def _are_figures(codes: Codes, starts: Indices, ends: Indices) -> Mask:
    """Return which words consist of digits and their signs."""
    counts = np.concatenate([[0], np.cumsum(~_figure_codes()[np.minimum(codes, 0xFFFF)])])
    return np.asarray(counts[ends] == counts[starts])


@cache
def _figure_codes() -> Mask:
    table = np.zeros(0x10000, bool)
    table[[ord(sign) for sign in _FIGURE]] = True
    return table


def _gaps(extents: Extents) -> npt.NDArray[np.float64]:
    """Return the gap behind each word but the last, in heights of the text."""
    before, after = extents[:-1], extents[1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        gaps = (after[:, 0] - before[:, 2]) / _heights(extents)
    return np.asarray(np.nan_to_num(gaps, nan=0.0))


def _heights(extents: Extents) -> npt.NDArray[np.float64]:
    """Return the height of the lower one of each word and its follower."""
    heights = extents[:, 3] - extents[:, 1]
    return np.asarray(np.minimum(heights[:-1], heights[1:]))


def _joined(extents: Extents, figures: Mask, gaps: npt.NDArray[np.float64]) -> Mask:
    """Return for each word but the first whether it continues the piece of the one before."""
    before, after = extents[:-1], extents[1:]
    with np.errstate(invalid="ignore"):
        level = np.abs((before[:, 1] + before[:, 3] - after[:, 1] - after[:, 3]) / 2)
        widest = np.where(figures[1:] & figures[:-1], _GAP_OF_FIGURES, _GAP)
        beside = (level <= _LEVEL * _heights(extents)) & (gaps < widest) & (gaps > _OVERLAP)
    # What has no place stays with what came before.
    return np.asarray(beside | (after[:, 2] < after[:, 0]))
