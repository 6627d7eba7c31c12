"""Tables of HTML documents as grids of text."""

from typing import Any

from lxml import etree

from ingestion.parsers.foreign_tables import Cells, Grid, tidied, with_head
from ingestion.parsers.markup import local_name
from ingestion.parsers.visibility import is_dropped, picture_text
from ingestion.parsers.wording import plain

# More than what browsers allow, or any reader would follow.
_MOST_COLUMNS = 500
_LONGEST_CELL = 1_500
_IN_LAYOUT = ("table", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "article", "section")
# Elements that run on within a line.
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label mark nobr q rp rt ruby "
    "s samp small span strike strong sub sup time tt u var wbr".split()
)


def is_layout(table: Any) -> bool:
    """Tell whether a table only sets other things beside each other, or is a single column."""
    if next(table.iterdescendants(*_IN_LAYOUT), None) is not None:
        return True
    rows = list(table.iter("tr"))
    if all(len(_cells(row)) < 2 for row in rows):
        return True
    return any(len(_words(cell)) > _LONGEST_CELL for row in rows for cell in _cells(row))


def grid_of(table: Any) -> Grid:
    """Return a table's cells; one that spans rows is repeated, one that spans columns is not."""
    rows: list[Cells] = []
    caption = next((_words(found) for found in table.iterchildren("caption")), "")
    heads, is_head = 0, True
    # Of each column: how many more rows its cell above covers, and that cell's text.
    above: dict[int, tuple[int, str]] = {}
    for row in table.iter("tr"):
        if is_dropped(row, "tr"):
            continue
        cells = _cells(row)
        rows.append(_row(cells, above))
        is_head = is_head and bool(cells) and _is_head(row, cells)
        heads += is_head
    grid = tidied(with_head(rows, heads if heads < len(rows) else 0))
    if caption:
        return Grid([[caption], *grid.rows], grid.heads + 1 if grid.heads else 0)
    return grid


def _row(cells: list[Any], above: dict[int, tuple[int, str]]) -> Cells:
    row: Cells = []
    for cell in [*cells, None]:
        while (spanning := above.get(len(row))) is not None and len(row) < _MOST_COLUMNS:
            left, text = spanning
            if left > 1:
                above[len(row)] = (left - 1, text)
            else:
                del above[len(row)]
            row.append(text)
        if cell is None or len(row) >= _MOST_COLUMNS:
            break
        text = _words(cell)
        width = min(_span(cell, "colspan"), _MOST_COLUMNS - len(row))
        if (height := _span(cell, "rowspan")) > 1:
            for column in range(len(row), len(row) + width):
                above[column] = (height - 1, text if column == len(row) else "")
        row += [text, *[""] * (width - 1)]
    return row


def _cells(row: Any) -> list[Any]:
    return [cell for cell in row.iterchildren("td", "th") if not is_dropped(cell, "td")]


def _is_head(row: Any, cells: list[Any]) -> bool:
    parent = row.getparent()
    in_head = parent is not None and local_name(parent) == "thead"
    return in_head or (len(cells) > 1 and all(local_name(cell) == "th" for cell in cells))


def _span(cell: Any, name: str) -> int:
    said = cell.get(name, "1").strip()
    return max(int(said), 1) if said.isdecimal() and len(said) < 6 else 1


def _words(cell: Any) -> str:
    """Return what a cell shows as one line."""
    parts: list[str] = []
    walk = etree.iterwalk(cell, events=("start", "end"))
    for event, element in walk:
        name = local_name(element)
        if event == "end":
            parts.append("" if name in _INLINE else " ")
            if element is not cell:
                parts.append(element.tail or "")
        elif is_dropped(element, name):
            walk.skip_subtree()
        else:
            parts.append("" if name in _INLINE else " ")
            parts.append(element.text or (picture_text(element) if name == "img" else ""))
    return plain("".join(parts))
