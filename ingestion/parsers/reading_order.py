"""The order in which a person reads lines, by where they stand."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Extents = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
# For each line -1 (left), 1 (right) or 0 (across).
Sides = npt.NDArray[np.int64]

# A column has at least so many lines, and they are so many times longer than high: those of a
# table's cells are shorter, and are read row by row.
_LINES = 3
_LONG = 8.0
# Between columns there is at least this much of a line's height.
_GUTTER = 0.5
# Lines of one row share this much of the lower one's height.
_SHARED = 0.5


def rows_in_order(extents: Extents) -> list[list[int]]:
    """Return the indices of lines, row by row, column after column.

    ``extents`` are x0, y0, x1, y1 of each line on a level page.
    """
    return list(_ordered(extents, np.arange(len(extents))))


def _ordered(extents: Extents, lines: Indices) -> Iterator[list[int]]:
    lines = lines[np.argsort(_middles(extents[lines]), kind="stable")]
    sides = _columns(extents[lines])
    if sides is None:
        yield from _rows(extents, lines)
        return
    for section in _sections(sides):
        left, right = (lines[section][sides[section] == side] for side in (-1, 1))
        if _are_columns(extents[left], extents[right]):
            yield from _ordered(extents, left)
            yield from _ordered(extents, right)
        else:
            yield from _rows(extents, lines[section])


def _columns(extents: Extents) -> Sides | None:
    """Return the side of each line, at the place between columns of the most lines.

    Nothing where there are no columns. ``extents`` are sorted from the top.
    """
    if len(extents) < 2 * _LINES:
        return None
    height = float(np.median(extents[:, 3] - extents[:, 1]))
    most, best = 0, None
    for place in np.unique(np.ceil(extents[:, 2] / height)) * height:
        sides = _sides(extents, place, _GUTTER * height)
        lines = sum(len(part) for part in _column_parts(sides, extents))
        if lines > most:
            most, best = lines, sides
    return best


def _column_parts(sides: Sides, extents: Extents) -> Iterator[Sides]:
    """Yield the sides of the sections that are in two columns."""
    sections = np.cumsum(np.diff(sides == 0, prepend=sides[0] == 0))
    lefts, rights = (np.bincount(sections, sides == side) for side in (-1, 1))
    for section in np.flatnonzero((lefts >= _LINES) & (rights >= _LINES)):
        inside = sections == section
        if _are_columns(extents[inside & (sides == -1)], extents[inside & (sides == 1)]):
            yield sides[inside]


def _sides(extents: Extents, place: float, gutter: float) -> Sides:
    """Return for each line whether it is left (-1) or right (1) of a place, or crosses it (0)."""
    left, right = extents[:, 2] <= place, extents[:, 0] >= place
    # A line that ends before the place leaves room; else it ends in the gutter.
    right &= extents[:, 0] >= np.max(extents[left, 2], initial=-np.inf) + gutter
    return np.where(left, -1, np.where(right, 1, 0))


def _sections(sides: Sides) -> Iterator[slice]:
    """Yield the runs of lines that cross the place, and those that do not, in turn."""
    borders = np.flatnonzero(np.diff(sides == 0)) + 1
    for start, end in zip([0, *borders], [*borders, len(sides)], strict=True):
        yield slice(int(start), int(end))


def _are_columns(left: Extents, right: Extents) -> bool:
    """Tell whether these lines stand in two columns of text."""
    return all(
        len(side) >= _LINES
        and np.median((side[:, 2] - side[:, 0]) / (side[:, 3] - side[:, 1])) >= _LONG
        for side in (left, right)
    )


def _rows(extents: Extents, lines: Indices) -> Iterator[list[int]]:
    """Yield the lines row by row from the top, each row from the left."""
    row: list[int] = []
    for line in lines.tolist():
        if row and not _beside(extents[row[0]], extents[line]):
            yield sorted(row, key=lambda index: float(extents[index, 0]))
            row = []
        row.append(line)
    if row:
        yield sorted(row, key=lambda index: float(extents[index, 0]))


def _beside(one: Extents, other: Extents) -> bool:
    shared = min(one[3], other[3]) - max(one[1], other[1])
    return bool(shared >= _SHARED * min(one[3] - one[1], other[3] - other[1]))


def _middles(extents: Extents) -> Extents:
    return (extents[:, 1] + extents[:, 3]) / 2
