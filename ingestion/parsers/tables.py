"""Tables on a page: rows whose figures stand below each other, with what their columns are called.

Prose is never broken into cells: a table is known by its figures, which align over several rows.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from data.contents import LineKind
from ingestion.parsers.cells import Cell, cells_of, has_leaders
from ingestion.parsers.grid import Grid, Interval, TableRow
from ingestion.parsers.heads import heads_above, is_head, is_over
from ingestion.parsers.rows import Row

# Rows further apart than so many heights are not of one table.
_APART = 4.0
# Lines without a figure between two rows that have some: sections, and labels of several lines.
_BETWEEN = 6
# Of them may run into the columns of figures.
_CROSSING = 2
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
        return figures if len(figures) > 1 or self.cells[0] is not figures[0] else []

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
        heads = heads_above(rows, cells, grid, taken, inner.start)
        first = heads[0] if heads else inner.start
        leading = _leading_heads(run, cells, grid)
        made = []
        for index in range(first, inner.stop):
            is_named = index in heads or index in leading
            kind = LineKind.TABLE_HEAD if is_named else LineKind.TABLE_ROW
            made.append(grid.row(cells[index], kind))
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
    crossing = 0
    for index, row in enumerate(cells):
        candidate = Candidate(index, row)
        has_figures = any(cell.is_figure for cell in row) and bool(candidate.figures)
        if run:
            apart = rows[index][0].middle - rows[index - 1][0].middle
            ended = apart > _APART * rows[index][0].height or index - run[-1].at > _BETWEEN
            if not has_figures and not ended:
                crossing += row[0].x0 < columns[0].x0 < row[-1].x1
                # A line of prose reaches over all columns.
                across = any(cell.x0 < columns[0].x0 and cell.x1 > columns[-1].x0 for cell in row)
                ended = crossing > _CROSSING or across
            grown = _grown(columns, candidate.figures) if has_figures and not ended else None
            if grown is not None:
                run.append(candidate)
                columns, crossing = grown, 0
                continue
            if ended or has_figures:
                yield run, columns
                run = []
        if has_figures and not run:
            run, crossing = [candidate], 0
            columns = [Interval(cell.x0, cell.x1) for cell in candidate.figures]
    if run:
        yield run, columns


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
