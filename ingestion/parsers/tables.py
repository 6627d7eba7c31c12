"""Tables on a page: rows whose figures stand below each other, with what their columns are called.

Prose is never broken into cells: a table is known by its figures, which align over several rows.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from data.contents import LineKind
from ingestion.parsers.cells import Cell, cells_of, has_leaders
from ingestion.parsers.grid import Grid, Interval, TableRow
from ingestion.parsers.heads import begins_table, divided, heads_above, is_head, is_over
from ingestion.parsers.rows import Row

# Rows further apart than so many heights are not of one table.
_APART = 4.0
# Lines without a figure between two rows that have some: sections, and labels of several lines.
_BETWEEN = 6
# Of them may run into the columns of figures; a paragraph begins so many heights lower.
_CROSSING = 2
_PARAGRAPH = 1.8
_MOST_COLUMNS = 60
_ROWS = 2
_ROWS_OF_ONE_COLUMN = 3
# The share of rows that have a label; without labels, the share of cells that are filled.
_LABELLED = 0.5
_FILLED = 0.8
# Where more of the labels than this begin with a small letter, they are prose.
_RUNNING_ON = 0.4


class Candidate(NamedTuple):
    """A row that may be a table's: its cells, and where it is among the rows."""

    at: int
    cells: list[Cell]

    @property
    def figures(self) -> list[Cell]:
        """The cells that stand in the columns."""
        figures = [cell for cell in self.cells if cell.is_figure]
        return figures if len(figures) > 1 or self.cells[0] not in figures else []

    @property
    def label(self) -> Cell | None:
        """The text that the row begins with."""
        return None if self.cells[0].is_figure else self.cells[0]


def tables_in(rows: Sequence[Row]) -> Iterator[list[TableRow]]:
    """Yield the rows of each table among rows of a page, from the top."""
    cells = [cells_of(row) for row in rows]
    taken = 0
    for run, columns in _runs(rows, cells):
        if not _is_table(run, columns) or _is_prose(run, cells):
            continue
        grid = Grid.of([row.cells for row in _body(run)])
        inner = range(run[0].at, run[-1].at + 1)
        heads = heads_above(rows, grid, taken, inner.start)
        first = heads[0] if heads else inner.start
        leading = _leading_heads(run, cells, grid)
        made = []
        for index in range(first, inner.stop):
            if index in heads or index in leading:
                head = cells_of(divided(rows[index], grid))
                made.append(grid.row(head, LineKind.TABLE_HEAD))
            else:
                made.append(grid.row(cells[index], LineKind.TABLE_ROW))
        taken = inner.stop
        while taken < len(rows) and grid.continues(made[-1], rows[taken]):
            made.append(grid.row(cells[taken], LineKind.TABLE_ROW))
            taken += 1
        yield grid.with_whole_labels(made)


def _runs(
    rows: Sequence[Row], cells: list[list[Cell]]
) -> Iterator[tuple[list[Candidate], list[Interval]]]:
    """Yield the rows with figures that align, as far as they follow each other."""
    run: list[Candidate] = []
    columns: list[Interval] = []
    for at, row in enumerate(cells):
        candidate = Candidate(at, row)
        figures = candidate.figures
        if not figures:
            continue
        grown = None
        if run and not _is_divided(rows, cells, range(run[-1].at, at), columns):
            grown = None if _begins(run, candidate) else _grown(columns, figures)
        if grown is not None:
            run.append(candidate)
            columns = grown
            continue
        if run:
            yield run, columns
        run = [candidate]
        columns = [Interval(cell.x0, cell.x1) for cell in figures]
    if run:
        yield run, columns


def _is_divided(
    rows: Sequence[Row], cells: list[list[Cell]], between: range, columns: list[Interval]
) -> bool:
    """Tell whether what stands between two rows with figures shows that they are of two tables."""
    if len(between) > _BETWEEN:
        return True
    crossing = 0
    for at in between:
        apart = (rows[at + 1][0].middle - rows[at][0].middle) / max(rows[at + 1][0].height, 0.1)
        if apart > _APART:
            return True
        row = cells[at]
        if at == between.start or row[0].is_figure or not row[0].x0 < columns[0].x0 < row[0].x1:
            continue
        # A line of prose reaches over all columns, or begins a paragraph.
        above = (rows[at][0].middle - rows[at - 1][0].middle) / max(row[0].height, 0.1)
        crossing += 1
        if crossing > _CROSSING or row[0].x1 > columns[-1].x0 or above > _PARAGRAPH:
            return True
    return False


def _begins(run: list[Candidate], row: Candidate) -> bool:
    """Tell whether a row begins another table below the rows of one."""
    return begins_table(row.figures, row.label) and not is_head(run[-1].figures, run[-1].label)


def _grown(columns: list[Interval], figures: list[Cell]) -> list[Interval] | None:
    """Return the columns with another row's figures in them, or nothing where they don't fit."""
    found = list(columns)
    aligned = 0
    for cell in figures:
        over = [
            at for at, column in enumerate(found) if cell.x0 < column.x1 and cell.x1 > column.x0
        ]
        if len(over) > 1:
            return None
        if over:
            [at] = over
            found[at] = Interval(min(found[at].x0, cell.x0), max(found[at].x1, cell.x1))
            aligned += at < len(columns)
        else:
            found.append(Interval(cell.x0, cell.x1))
    return sorted(found) if aligned and len(found) <= _MOST_COLUMNS else None


def _is_table(run: list[Candidate], columns: list[Interval]) -> bool:
    if len(run) < (_ROWS if len(columns) > 1 else _ROWS_OF_ONE_COLUMN):
        return False
    if len(columns) == 1:
        return not _are_contents(run)
    filled = sum(len(row.figures) for row in run) / len(run) / len(columns)
    labelled = sum(row.label is not None for row in run) / len(run)
    if labelled >= _LABELLED:
        return True
    return len(run) > _ROWS and filled >= _FILLED


def _is_prose(run: list[Candidate], cells: Sequence[list[Cell]]) -> bool:
    """Tell whether the labels are lines of sentences, and the figures another's beside them."""
    firsts = [cells[index][0] for index in range(run[0].at, run[-1].at + 1)]
    texts = [cell.text for cell in firsts if not cell.is_figure]
    return sum(text[:1].islower() for text in texts) > _RUNNING_ON * len(texts)


def _are_contents(run: list[Candidate]) -> bool:
    """Tell whether this is a table of contents: page numbers that never fall."""
    texts = [row.figures[0].text for row in run]
    if sum(has_leaders(row.cells[0].text) for row in run) * 2 >= len(run):
        return True
    if not all(text.isdecimal() and len(text) <= 4 for text in texts):
        return False
    numbers = [int(text) for text in texts]
    return numbers == sorted(numbers)


def _body(run: list[Candidate]) -> list[Candidate]:
    """Return the rows without the first ones, whose figures are years and the like."""
    for at, row in enumerate(run[:-1]):
        if not is_head(row.figures, row.label):
            return run[at:]
    return run[-1:]


def _leading_heads(run: list[Candidate], cells: Sequence[list[Cell]], grid: Grid) -> set[int]:
    """Return the rows before the body that say what the columns are."""
    body = _body(run)[0].at
    named = {row.at for row in run if row.at < body}
    return named | {index for index in range(run[0].at, body) if is_over(cells[index], grid)}
