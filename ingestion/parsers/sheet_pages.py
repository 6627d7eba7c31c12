"""The rows of a sheet as pages: its name, what stands over its tables, and their rows."""

import re
from collections.abc import Iterable, Iterator

from data.contents import LineKind
from ingestion.parsers.foreign_tables import row_text, with_head
from ingestion.parsers.leaves import Block, Leaf, divided
from ingestion.parsers.sheet_rows import Row

ROWS = 100
# A page of rows with much text ends earlier.
CHARACTERS = 20_000
_NO_NAME = re.compile(r"(?:sheet|tabelle|feuil|hoja|foglio|blad|лист)\s?\d+", re.IGNORECASE)


def pages_of(name: str, rows: Iterable[Row], limit: int) -> Iterator[Leaf]:
    """Give the pages of a sheet, each with its name and, where it has several, its rows' numbers.

    The row that names a table's columns stands on each of its pages.
    """
    page: list[Block] = [] if _NO_NAME.fullmatch(name) else [Block(name, 1)]
    first, last, count, is_first = 0, 0, 0, True
    head: Block | None = None
    for number, block in _lines(rows):
        if block.text == name and count == 0 and page:
            # The sheet's name is its title.
            continue
        if count == ROWS:
            yield from _leaves(page, f"{name}, rows {first}–{last}", limit)
            page, count, is_first = [], 0, False
            if head is not None and block.kind is LineKind.TABLE_ROW and block.close:
                page.append(head)
        first = first if count else number
        head = block if block.kind is LineKind.TABLE_HEAD else head if block.close else None
        page.append(block)
        last, count = number, count + 1
    if count:
        yield from _leaves(page, name if is_first else f"{name}, rows {first}–{last}", limit)


def _leaves(page: list[Block], label: str, limit: int) -> Iterator[Leaf]:
    yield from divided(page, min(limit, CHARACTERS), label)


def _lines(rows: Iterable[Row]) -> Iterator[tuple[int, Block]]:
    """Give each row as a line: rows with nothing between them are a table.

    What stands alone in the rows above a table's head is its title.
    """
    waiting: Row | None = None
    in_table, left = False, 0
    for row in rows:
        filled = sum(1 for cell in row.cells if cell)
        if waiting is not None:
            is_next = filled > 0 and not row.gap
            left = min(_left(waiting), _left(row)) if is_next else _left(waiting)
            heads = with_head([waiting.cells[left:], row.cells[left:]]).heads if is_next else 0
            kind = LineKind.TABLE_HEAD if heads else LineKind.TABLE_ROW
            yield waiting.number, Block(row_text(waiting.cells[left:]), 0, kind)
            in_table, waiting = is_next, None
        elif row.gap:
            in_table = False
        if not filled:
            in_table = False
        elif in_table:
            cells = row.cells[min(left, _left(row)) :]
            yield row.number, Block(row_text(cells), 0, LineKind.TABLE_ROW, close=True)
        elif filled == 1:
            yield row.number, Block(row_text(row.cells).strip(" |"))
        else:
            waiting = row
    if waiting is not None:
        yield (
            waiting.number,
            Block(row_text(waiting.cells[_left(waiting) :]), 0, LineKind.TABLE_ROW),
        )


def _left(row: Row) -> int:
    """Return how many empty cells a row begins with."""
    return next((index for index, cell in enumerate(row.cells) if cell), len(row.cells))
