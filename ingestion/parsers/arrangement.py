"""The characters of a page arranged as lines that a reader reads: tables row by row."""

from collections.abc import Iterator
from functools import cache
from itertools import chain, groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data.contents import LineKind
from ingestion.parsers.assembly import Part, Unit, assembled, joined, row_parts
from ingestion.parsers.cleaning import Characters, with_repaired_words
from ingestion.parsers.columns import regions
from ingestion.parsers.disorder import is_disordered
from ingestion.parsers.grid import TableRow
from ingestion.parsers.pieces import Pieces, pieces_of
from ingestion.parsers.reading_order import rows_in_order
from ingestion.parsers.rows import Piece, Space, rows_of
from ingestion.parsers.tables import tables_in
from ingestion.parsers.turning import turned_lines

_LF, _SPACE = 0x0A, 0x20
# A page of more pieces than this is left as it is: no reader reads it either.
_MOST_PIECES = 4_000
# A table has at least so many figures.
_FIGURES = 3


class Arrangement(NamedTuple):
    """Characters in their new order, and what each of their lines is part of."""

    characters: Characters
    kinds: tuple[LineKind, ...]


def arranged(
    characters: Characters, size: tuple[float, float], *, in_order: bool = True
) -> Arrangement:
    """Return the characters with each row of a table on one line, its cells set apart.

    Lines that run up or down, as stamps on a margin do, come last. Nothing that can be seen is
    lost or doubled; what is put in has the empty box. ``size``: width and height of the page in
    points; ``in_order``: whether the parser's order may be right.
    """
    if not len(characters.codes):
        return Arrangement(characters, ())
    turned = turned_lines(characters, size)
    if not turned.any():
        return _arranged(characters, size, in_order=in_order)
    last = _without_line_end(characters.where(turned))
    if turned.all():
        return Arrangement(last, _texts(last))
    first, kinds = _arranged(_without_line_end(characters.where(~turned)), size, in_order=in_order)
    return Arrangement(joined(first, last), kinds + _texts(last))


def _arranged(characters: Characters, size: tuple[float, float], *, in_order: bool) -> Arrangement:
    pieces = pieces_of(characters, size)
    characters = _with_joined_lines(characters, pieces)
    tables: list[list[TableRow]] = []
    order = None
    if len(pieces) <= _MOST_PIECES:
        if not in_order or _is_disordered(characters, pieces):
            order = _order(pieces)
        if pieces.figures.sum() >= _FIGURES:
            rows = rows_of(_placed(characters, pieces))
            tables = [table for region in regions(rows) for table in tables_in(region)]
    if not tables and order is None:
        return Arrangement(characters, _texts(characters))
    units = list(_units(characters, pieces, tables, order))
    kinds = tuple(kind for unit in units for kind in unit.kinds)
    characters = assembled(characters, units)
    if not tables:
        # Words divided at the end of a line have found their other half.
        characters = with_repaired_words(characters)
        kinds = _texts(characters)
    return Arrangement(characters, kinds)


def _without_line_end(characters: Characters) -> Characters:
    keep = np.ones(len(characters.codes), bool)
    keep[-1] = characters.codes[-1] != _LF
    return characters.where(keep)


def _texts(characters: Characters) -> tuple[LineKind, ...]:
    return (LineKind.TEXT,) * (int((characters.codes == _LF).sum()) + 1)


def _is_disordered(characters: Characters, pieces: Pieces) -> bool:
    small = _small_letters()[np.minimum(characters.codes[pieces.starts], 0xFFFF)]
    return is_disordered(pieces.extents, small)


def _order(pieces: Pieces) -> list[list[int]]:
    """Return the numbers of the pieces row by row in reading order."""
    sides = pieces.extents[:, 2:] - pieces.extents[:, :2]
    placed = (sides > 0).all(axis=1)
    numbers = np.flatnonzero(placed)
    rows = rows_in_order(pieces.extents[placed])
    ordered = [[int(numbers[number]) for number in row] for row in rows]
    return ordered + [[number] for number in np.flatnonzero(~placed).tolist()]


@cache
def _small_letters() -> npt.NDArray[np.bool_]:
    return np.array([chr(code).islower() for code in range(0x10000)])


def _with_joined_lines(characters: Characters, pieces: Pieces) -> Characters:
    """Return the characters with spaces for line ends between words side by side."""
    codes, boxes, source = characters
    inside = np.zeros(len(codes) + 1, np.int8)
    inside[pieces.starts] = 1
    inside[pieces.ends] = -1
    ends = np.flatnonzero((codes == _LF) & (np.cumsum(inside[:-1]) > 0))
    if not len(ends):
        return characters
    codes, boxes = codes.copy(), boxes.copy()
    codes[ends] = _SPACE
    gap = np.stack(
        [boxes[ends - 1, 2], boxes[ends - 1, 1], boxes[ends + 1, 0], boxes[ends - 1, 3]], 1
    )
    boxes[ends] = np.where(gap[:, 2:3] > gap[:, 0:1], gap, boxes[ends - 1])
    return Characters(codes, boxes, source)


def _placed(characters: Characters, pieces: Pieces) -> Iterator[Piece]:
    """Yield the pieces that have a place."""
    text = characters.text
    spaces: dict[int, list[Space]] = {}
    for number, behind, left, right in pieces.spaces:
        spaces.setdefault(number, []).append((behind - int(pieces.starts[number]), left, right))
    spans = zip(pieces.starts.tolist(), pieces.ends.tolist(), pieces.extents.tolist(), strict=True)
    for number, (start, end, (x0, y0, x1, y1)) in enumerate(spans):
        if x1 > x0 and y1 > y0:
            wide = tuple(spaces.get(number, ()))
            yield Piece(number, start, text[start:end], x0, y0, x1, y1, wide)


def _units(
    characters: Characters,
    pieces: Pieces,
    tables: list[list[TableRow]],
    order: list[list[int]] | None,
) -> Iterator[Unit]:
    """Yield what the new text consists of, in this order or else in the parser's.

    A table stands where the first of its pieces did.
    """
    starts, ends = pieces.starts.tolist(), pieces.ends.tolist()
    owners = [-1] * len(starts)
    for owner, table in enumerate(tables):
        for number in _numbers(table):
            owners[number] = owner
    written = set()
    for run in _runs(owners) if order is None else order:
        text = [number for number in run if owners[number] < 0]
        for owner in dict.fromkeys(owners[number] for number in run if owners[number] >= 0):
            if owner not in written:
                written.add(owner)
                for row in tables[owner]:
                    yield Unit(row_parts(row), [row.kind])
        if not text:
            continue
        if order is None:
            start, end = starts[text[0]], ends[text[-1]]
            lines = int((characters.codes[start:end] == _LF).sum()) + 1
            yield Unit([(start, end)], [LineKind.TEXT] * lines)
        else:
            parts: list[Part] = []
            for number in text:
                parts += [" ", (starts[number], ends[number])]
            yield Unit(parts[1:], [LineKind.TEXT])


def _runs(owners: list[int]) -> Iterator[list[int]]:
    """Yield the numbers of consecutive pieces that belong to the same table, or to none."""
    for _, run in groupby(range(len(owners)), key=owners.__getitem__):
        yield list(run)


def _numbers(table: list[TableRow]) -> Iterator[int]:
    for row in table:
        for cell in chain.from_iterable(chain(row.labels, row.values)):
            for piece in cell.pieces:
                yield piece.number
