"""Tables of Word documents as grids of text."""

from collections.abc import Callable, Iterator
from typing import Any

from ingestion.parsers.foreign_tables import Cells, Grid, with_head
from ingestion.parsers.word_styles import W, is_on, value_of

_MOST_COLUMNS = 200
# A row and a cell may stand in content controls, each in the next.
_HOLDERS = (f"{W}sdt", f"{W}sdtContent", f"{W}customXml", f"{W}ins")


def is_frame(table: Any) -> bool:
    """Tell whether a table has one column: it is a frame around some text."""
    return all(len(list(_inside(row, "tc"))) < 2 for row in _inside(table, "tr"))


def cells_of(table: Any) -> Iterator[Any]:
    """Give a table's own cells, without those of the tables in them."""
    return (cell for row in _inside(table, "tr") for cell in _inside(row, "tc"))


def grids_of(table: Any, words: Callable[[Any], str]) -> Iterator[Grid | None]:
    """Give a table's cells as grids, and nothing where a page ends between two of them.

    A cell that is merged with those below it is repeated; each grid has the table's head.
    """
    rows: list[Cells] = []
    ends: list[int] = []
    heads = 0
    for index, row in enumerate(_inside(table, "tr")):
        properties = row.find(f"{W}trPr")
        if properties is not None and is_on(properties, "del"):
            continue
        if heads == index and properties is not None and is_on(properties, "tblHeader"):
            heads += 1
        if index and next(row.iter(f"{W}lastRenderedPageBreak"), None) is not None:
            ends.append(len(rows))
        rows.append(_cells(row, rows[-1] if rows else [], words))
    grid = with_head(rows, heads if heads < len(rows) else 0)
    first = grid.heads
    for end in [*(end for end in ends if end > grid.heads), len(rows)]:
        if first > grid.heads:
            yield None
        yield Grid([*grid.rows[: grid.heads], *grid.rows[first:end]], grid.heads)
        first = end


def _cells(row: Any, above: Cells, words: Callable[[Any], str]) -> Cells:
    cells: Cells = []
    for cell in _inside(row, "tc"):
        properties = cell.find(f"{W}tcPr")
        width, goes_on = 1, False
        if properties is not None:
            said = value_of(properties, "gridSpan")
            width = int(said) if said.isdecimal() and len(said) < 4 else 1
            merged = properties.find(f"{W}vMerge")
            goes_on = merged is not None and merged.get(f"{W}val", "continue") == "continue"
        text = words(cell)
        if goes_on and not text and len(cells) < len(above):
            text = above[len(cells)]
        cells += [text, *[""] * (min(width, _MOST_COLUMNS) - 1)]
    return cells[:_MOST_COLUMNS]


def _inside(element: Any, name: str) -> Iterator[Any]:
    """Give the rows of a table, or the cells of a row."""
    waiting = list(element)[::-1]
    while waiting:
        found = waiting.pop()
        if found.tag == f"{W}{name}":
            yield found
        elif found.tag in _HOLDERS:
            waiting.extend(list(found)[::-1])
