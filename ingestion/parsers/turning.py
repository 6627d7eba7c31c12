"""Text that is set sideways or upside down: pages of it are read upright, single lines last."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data.boxes import Boxes
from ingestion.parsers.cleaning import Characters, Codes

Mask = npt.NDArray[np.bool_]
Ways = npt.NDArray[np.int64]

# Where a character's follower stands; a page is turned by so many quarters, clockwise.
_RIGHT, _DOWN, _LEFT, _UP, _NOWHERE = range(5)
_WAYS = 4
_LF, _SPACE = 0x0A, 0x20
# A page is turned if so many of the steps on it go one other way, and there are so many.
_MOST = 0.6
_STEPS = 8
# One step of so many is looked at for it.
_SAMPLE = 3
# A line is turned if it has so many steps, and most go up or down.
_STEPS_OF_A_LINE = 2
# Scripts that run from the right to the left.
_LEFTWARD = ((0x0590, 0x08FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFC))


class Turn(NamedTuple):
    """How a page's text is turned, in quarters clockwise."""

    quarters: int

    @classmethod
    def of(cls, codes: Codes, boxes: Boxes, size: tuple[float, float]) -> "Turn":
        """Return the turn of most of the text on a page that is so many points wide and high."""
        first, last = slice(0, -1, _SAMPLE), slice(1, None, _SAMPLE)
        ways = _ways(codes[first], boxes[first], codes[last], boxes[last], size)
        counts = np.bincount(ways, minlength=_WAYS + 1)[:_WAYS]
        most = int(counts.argmax())
        if most == _RIGHT or counts[most] < max(_STEPS, _MOST * counts.sum()):
            return cls(0)
        if most == _LEFT and _runs_left(codes):
            return cls(0)
        return cls(most)

    def upright(self, boxes: Boxes) -> Boxes:
        """Return boxes on the displayed page as boxes on the page turned upright."""
        return _turned(boxes, self.quarters)

    def displayed(self, boxes: Boxes) -> Boxes:
        """Return boxes on the upright page as boxes on the displayed one."""
        return _turned(boxes, -self.quarters % 4)

    def size(self, size: tuple[float, float]) -> tuple[float, float]:
        """Return width and height of the upright page."""
        return (size[1], size[0]) if self.quarters % 2 else size


def turned_lines(characters: Characters, size: tuple[float, float]) -> Mask:
    """Return which characters are of lines that run up or down, their line ends included."""
    codes, boxes, _ = characters
    ways = _ways(codes[:-1], boxes[:-1], codes[1:], boxes[1:], size)
    upright = np.append(ways == _RIGHT, [False]) | np.append(ways == _LEFT, [False])
    turned = np.append((ways == _UP) | (ways == _DOWN), [False])
    if turned.sum() < _STEPS_OF_A_LINE:
        return np.zeros(len(characters.codes), bool)
    ends = characters.codes == _LF
    lines = np.cumsum(ends) - ends
    counts = np.bincount(lines, turned)
    is_turned = (counts >= _STEPS_OF_A_LINE) & (counts > np.bincount(lines, upright))
    return np.asarray(is_turned[lines])


def _ways(
    codes: Codes, boxes: Boxes, next_codes: Codes, next_boxes: Boxes, size: tuple[float, float]
) -> Ways:
    """Return for each character which way its follower in the same word stands."""
    with np.errstate(invalid="ignore"):
        x, y = (
            (next_boxes[:, at] + next_boxes[:, at + 2] - boxes[:, at] - boxes[:, at + 2]) * extent
            for at, extent in enumerate(size)
        )
        across = np.abs(x) >= np.abs(y)
        ways = np.where(across, np.where(x > 0, _RIGHT, _LEFT), np.where(y > 0, _DOWN, _UP))
        none = (codes <= _SPACE) | (next_codes <= _SPACE) | ((x == 0) & (y == 0))
    none |= (boxes[:, 2] <= boxes[:, 0]) | (next_boxes[:, 2] <= next_boxes[:, 0])
    return np.asarray(np.where(none, _NOWHERE, ways))


def _runs_left(codes: Codes) -> bool:
    among = np.zeros(len(codes), bool)
    for first, last in _LEFTWARD:
        among |= (codes >= first) & (codes <= last)
    return bool(among.sum() * 4 > (codes > _SPACE).sum())


def _turned(boxes: Boxes, quarters: int) -> Boxes:
    """Return boxes on a page after it was turned counterclockwise by so many quarters."""
    if quarters == 0:
        return boxes
    x0, y0, x1, y1 = boxes.T
    sides = {1: (y0, 1 - x1, y1, 1 - x0), 2: (1 - x1, 1 - y1, 1 - x0, 1 - y0)}
    sides[3] = (1 - y1, x0, 1 - y0, x1)
    turned = np.stack(sides[quarters], axis=1).astype(np.float32)
    turned[(boxes == 0).all(axis=1)] = 0
    return np.asarray(turned)
