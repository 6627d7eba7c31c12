"""Tables that other programs wrote, as lines: a cell's text, " | ", the next one."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from data.contents import LineKind
from data.sentences import CELL
from ingestion.parsers.leaves import Block

Cells = list[str]

# Signs that a page maker puts in columns of their own, beside their number.
_BEFORE = frozenset("$ € £ ¥ ( $( €( £(".split())
_AFTER = frozenset(") % )% %)".split())
_YEAR = re.compile(r"(?:FY ?)?(?:19|20)\d\d[AE]?")
_NUMBER = re.compile(r"[-−–(]?[$€£¥]?\s*[-−(]?\d[\d.,' ]*\s*[%)]*|—|–|-")


class Grid(NamedTuple):
    """Rows of cells, of which the first so many say what the columns are called."""

    rows: Sequence[Cells]
    heads: int = 0


def blocks_of(grid: Grid, *, close: bool = False) -> Iterator[Block]:
    """Give a block for each row that has text; ``close``: the first one follows the text above."""
    for index, row in enumerate(grid.rows):
        text = row_text(row)
        if text.strip(" |"):
            kind = LineKind.TABLE_HEAD if index < grid.heads else LineKind.TABLE_ROW
            yield Block(text, 0, kind, close)
            close = True


def row_text(cells: Sequence[str]) -> str:
    """Return a row as a line; what is empty at its end is left out."""
    last = len(cells)
    while last and not cells[last - 1]:
        last -= 1
    return CELL.join(cells[:last]).replace("  ", " ").strip(" ")


def with_head(rows: Sequence[Cells], heads: int = 0) -> Grid:
    """Return the rows as a grid; its head is found where nobody has marked one.

    That is a first row of words over a row with numbers, or of words over any rows.
    """
    if heads or len(rows) < 2:
        return Grid(rows, min(heads, len(rows)))
    first = [cell for cell in rows[0] if cell]
    is_head = len(first) > 1 and not any(_is_number(cell) for cell in first)
    return Grid(rows, int(is_head))


def tidied(grid: Grid) -> Grid:
    """Return the grid without columns that hold a sign each, or nothing at all.

    "$", "1,234" and ")" in three cells are one number to a reader.
    """
    rows, heads = [list(row) for row in grid.rows], grid.heads
    width = max((len(row) for row in rows), default=0)
    for row in rows:
        row.extend([""] * (width - len(row)))
    for column in range(width):
        below = {row[column] for row in rows[heads:]} - {""}
        if column + 1 < width and below <= _BEFORE and (below or heads):
            _merge(rows, heads, column, column + 1)
        elif column and below and below <= _AFTER:
            _merge(rows, heads, column, column - 1)
    kept = [n for n in range(width) if any(row[n] for row in rows)]
    return Grid([[row[n] for n in kept] for row in rows], heads)


def _merge(rows: Sequence[Cells], heads: int, column: int, into: int) -> None:
    """Move a column's cells into the one beside it, unless two names would meet."""
    if any(row[column] and row[into] and row[column] != row[into] for row in rows[:heads]):
        return
    for index, row in enumerate(rows):
        left, right = (row[column], row[into]) if column < into else (row[into], row[column])
        row[into] = right or left if index < heads else left + right
        row[column] = ""


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell)) and not _YEAR.fullmatch(cell)
