"""A page's text put together anew from parts of the old one, and from what is put in between."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from data.contents import LineKind
from data.sentences import CELL
from ingestion.parsers.cells import Cell, loose_spaces
from ingestion.parsers.cleaning import Characters
from ingestion.parsers.grid import TableRow

# A part of the new text: a range of the old one, or what is put in.
Part = tuple[int, int] | str


class Unit(NamedTuple):
    """A part of a page that stays together: the parts of its text, and the kinds of its lines."""

    parts: list[Part]
    kinds: list[LineKind]


def row_parts(row: TableRow) -> list[Part]:
    """Return a row's parts: its cells with separators, or its label alone."""
    columns = [*row.labels, *row.values]
    if not any(columns[1:]):
        columns = columns[:1]
    parts: list[Part] = []
    for index, column in enumerate(columns):
        if index:
            parts.append(CELL)
        for order, cell in enumerate(column):
            if order:
                parts.append(" ")
            parts += _cell_parts(cell)
    # No line begins or ends with a space.
    if parts[0] == CELL:
        parts[0] = CELL.lstrip()
    if parts[-1] == CELL:
        parts[-1] = CELL.rstrip()
    return parts


def _cell_parts(cell: Cell) -> Iterator[Part]:
    """Yield a cell's parts: its pieces, a space between them, and no loose ones."""
    loose = loose_spaces(" ".join(piece.text for piece in cell.pieces))
    offset = 0
    for piece in cell.pieces:
        if offset and offset - 1 not in loose:
            yield " "
        start, end = piece.start, piece.start + len(piece.text)
        gaps = [at - offset for at in loose if offset <= at < offset + end - start]
        for gap in gaps:
            yield start, piece.start + gap
            start = piece.start + gap + 1
        yield start, end
        offset += len(piece.text) + 1


def assembled(characters: Characters, units: Iterable[Unit]) -> Characters:
    """Return the characters of the units, a line end between them."""
    parts = [part for unit in units for part in ("\n", *unit.parts)][1:]
    literal = "".join(part for part in parts if isinstance(part, str))
    starts = [-1 if isinstance(part, str) else part[0] for part in parts]
    lengths = [len(part) if isinstance(part, str) else part[1] - part[0] for part in parts]
    ends = np.cumsum(lengths)
    at = np.repeat(np.array(starts) - ends + lengths, lengths) + np.arange(int(ends[-1]))
    put_in = np.repeat(np.array(starts) < 0, lengths)
    # What is put in counts as the character before it, and has the empty box.
    at = at[np.maximum.accumulate(np.where(put_in, 0, np.arange(len(at))))]
    at = np.maximum(at, 0)
    codes, boxes, source = characters.codes[at], characters.boxes[at], characters.source[at]
    codes[put_in] = np.frombuffer(literal.encode("utf-32-le"), "<u4")
    boxes[put_in] = 0
    return Characters(codes, boxes, source)


def joined(first: Characters, last: Characters) -> Characters:
    """Return the lines of both, those of the first one first."""
    both = Characters(
        np.concatenate([first.codes, last.codes]),
        np.concatenate([first.boxes, last.boxes]),
        np.concatenate([first.source, last.source]),
    )
    middle, end = len(first.codes), len(both.codes)
    return assembled(both, [Unit([(0, middle)], []), Unit([(middle, end)], [])])
