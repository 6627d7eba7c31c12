"""What the columns of a table are called: the rows right above its first figures."""

import re
from collections.abc import Sequence
from itertools import pairwise

from ingestion.parsers.cells import Cell, cells_of, is_year
from ingestion.parsers.grid import Grid
from ingestion.parsers.rows import Piece, Row

# So many rows of heads; so many rows of labels between them and the first figures.
_MOST = 5
_LABELS = 3
# Heads stand no further apart than so many heights, and reach so many left of their figures.
_APART = 3.2
_WIDER = 8.0
_LONGEST = 60
# Of a date on several lines.
_DAY = re.compile(r"[0-3]?\d,")
_UNITS = re.compile(
    r"\(?.{0,30}\b(?:millions?|billions?|thousands?|percent|dollars|euros?|usd|eur|unaudited)\b.*",
    re.IGNORECASE,
)


def is_head(figures: Sequence[Cell], label: Cell | None) -> bool:
    """Tell whether a row's figures are no values: years, or names that begin with a digit."""
    if all(is_year(cell.text) for cell in figures):
        return True
    return label is None and all(map(_is_no_value, figures))


def begins_table(figures: Sequence[Cell], label: Cell | None) -> bool:
    """Tell whether a row below others is the head of another table: it has years alone."""
    named = label is None or bool(_UNITS.fullmatch(label.text))
    return named and len(figures) > 1 and all(is_year(cell.text) for cell in figures)


def heads_above(rows: Sequence[Row], grid: Grid, taken: int, first: int) -> list[int]:
    """Return the rows above the ``first`` one that say what the columns are, from the top.

    Between them may be labels of sections. Rows before ``taken`` are of other tables.
    """
    heads: list[int] = []
    labels = 0
    for index in range(first - 1, max(taken, first - _MOST - _LABELS) - 1, -1):
        below = rows[index + 1][0]
        if below.middle - rows[index][0].middle > _APART * below.height:
            break
        cells = cells_of(divided(rows[index], grid))
        if is_over(cells, grid) or _says_units(cells):
            heads.insert(0, index)
        elif not heads and labels < _LABELS and _are_labels(cells, grid):
            labels += 1
        else:
            break
    return heads


def divided(row: Row, grid: Grid) -> Row:
    """Return a row of heads with what stands over several columns divided between them."""
    middles = [(column.x0 + column.x1) / 2 for column in grid.values]
    pieces: list[Piece] = []
    for piece in row:
        rest = piece
        for _, left, right in piece.spaces:
            middle = (left + right) / 2
            if any(one < middle < other for one, other in pairwise(middles)):
                at = next(space for space in rest.spaces if space[1] == left)
                before, rest = rest.divided(at)
                pieces.append(before)
        pieces.append(rest)
    return pieces


def is_over(cells: Sequence[Cell], grid: Grid) -> bool:
    """Tell whether a row's cells stand over the columns; others may stand over the labels."""
    over = [cell for cell in cells if cell.x1 > grid.values[0].x0]
    return (
        bool(over)
        and all(len(cell.text) <= _LONGEST and _is_above_values(cell, grid) for cell in over)
        and all(_is_no_value(cell) for cell in over)
        and len(cells) - len(over) <= len(grid.labels)
    )


def _is_no_value(cell: Cell) -> bool:
    """Tell whether a cell is text, a part of a date, or a name that begins with a digit."""
    return (
        not cell.is_figure
        or cell.has_letters
        or is_year(cell.text)
        or bool(_DAY.fullmatch(cell.text))
    )


def _is_above_values(cell: Cell, grid: Grid) -> bool:
    """Tell whether a cell may be the head of a column, or of some; titles reach further left."""
    left, right = grid.values[0].x0, grid.values[-1].x1
    if cell.x0 >= left - cell.height:
        return cell.x0 < right
    others = grid.values[1].x0 if len(grid.values) > 1 else right + _WIDER * cell.height
    return cell.x0 > left - _WIDER * cell.height and cell.x1 <= others


def _are_labels(cells: Sequence[Cell], grid: Grid) -> bool:
    return all(cell.x1 <= grid.values[0].x0 + cell.height for cell in cells)


def _says_units(cells: Sequence[Cell]) -> bool:
    """Tell whether a row is only about the units: "(Dollars in millions)"."""
    return len(cells) == 1 and bool(_UNITS.fullmatch(cells[0].text)) and cells[0].text[0] == "("
