"""The grid of a table: which column a cell stands in, and which rows are one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from data.contents import LineKind
from ingestion.parsers.cells import Cell
from ingestion.parsers.rows import Row

# The second line of a label stands no further below the first than this many heights.
_NEXT_LINE = 1.6
# Figures that stand lower than their label do so by less.
_SAME_LINE = 0.9
# Of the rows, if so many have text in a column, it is one of labels.
_LABELS_AMONG = 0.25
# If so many rows have several labels, these stand in columns; no column has labels so short.
_SEVERAL = 0.6
_SHORT = 3
# A year so many heights left of the figures is a label, else what a column is called.
_YEAR_BEFORE = 4.0
# What is aligned differs by no more than this many heights.
_ALIGNED = 0.5


class Interval(NamedTuple):
    """From where to where a column reaches, in points."""

    x0: float
    x1: float


class TableRow(NamedTuple):
    """A row: for each column of labels, and for each of values, the cells in it."""

    kind: LineKind
    labels: list[list[Cell]]
    values: list[list[Cell]]
    top: float
    bottom: float

    @property
    def has_values(self) -> bool:
        """Whether there is anything but a label."""
        return any(self.values)

    @property
    def label(self) -> str:
        """The text of the labels."""
        return " ".join(cell.text for column in self.labels for cell in column)


@dataclass(frozen=True)
class Grid:
    """The columns of labels and those of values, from left to right."""

    labels: tuple[Interval, ...]
    values: tuple[Interval, ...]

    @classmethod
    def of(cls, rows: Sequence[list[Cell]]) -> "Grid":
        """Return the grid of the rows that have figures."""
        figures = [[cell for cell in row if cell.is_figure] for row in rows]
        columns = _merged(
            cell
            for row, inner in zip(rows, figures, strict=True)
            for cell in inner
            if len(inner) > 1 or cell is not row[0]
        )
        columns = _without_labels(columns, rows)
        left = columns[0].x0
        labels = [[cell for cell in row if _is_before(cell, left)] for row in rows]
        beside = [
            cell
            for row in rows
            for cell in row
            if not _is_before(cell, left) and not any(_overlap(cell, one) for one in columns)
        ]
        return cls(
            tuple(_label_columns([row for row in labels if row])),
            tuple(sorted([*columns, *_merged(beside)])),
        )

    def row(self, cells: Sequence[Cell], kind: LineKind) -> TableRow:
        """Return the row that these cells make."""
        labels: list[list[Cell]] = [[] for _ in self.labels]
        values: list[list[Cell]] = [[] for _ in self.values]
        left = self.values[0].x0
        for cell in cells:
            # What a column is called may be wider than its figures.
            if kind == LineKind.TABLE_HEAD:
                before = cell.x1 <= left - (_YEAR_BEFORE * cell.height if cell.is_figure else 0)
            else:
                before = _is_before(cell, left)
            if before and labels:
                labels[_place(cell, self.labels)].append(cell)
            else:
                values[_place(cell, self.values)].append(cell)
        top, bottom = min(cell.y0 for cell in cells), max(cell.y1 for cell in cells)
        return TableRow(kind, labels, values, top, bottom)

    def continues(self, row: TableRow, following: Row) -> bool:
        """Tell whether the row below the last one is another line of its label."""
        piece = following[0]
        return (
            len(following) == 1
            and bool(row.label)
            and piece.text[:1].islower()
            and piece.x1 <= self.values[0].x0
            and piece.y1 - row.bottom <= _NEXT_LINE * piece.height
        )

    def with_whole_labels(self, rows: Iterable[TableRow]) -> list[TableRow]:
        """Return the rows with labels of several lines in one."""
        whole: list[TableRow] = []
        for row in rows:
            last = whole[-1] if whole else None
            if last and last.kind == row.kind and self._are_one(last, row):
                whole[-1] = _joined(last, row)
            else:
                whole.append(row)
        return whole

    def _are_one(self, upper: TableRow, lower: TableRow) -> bool:
        if upper.kind == LineKind.TABLE_ROW:
            return _is_one_label(upper, lower)
        for above, below in zip(upper.values, lower.values, strict=True):
            # What stands over several columns goes on only in what does so too.
            if any(map(self._spans, above)) and not any(map(self._spans, below)):
                return False
        return _are_stacked(upper, lower)

    def _spans(self, cell: Cell) -> bool:
        """Tell whether a head reaches over half of the room between two columns."""
        edges = [(one.x1 + other.x0) / 2 for one, other in pairwise(self.values)]
        return any(cell.x0 + cell.height < edge < cell.x1 - cell.height for edge in edges)


def _is_one_label(upper: TableRow, lower: TableRow) -> bool:
    """Tell whether two rows are lines of one: a label that runs on, or figures set lower."""
    if upper.has_values and lower.has_values:
        return False
    if not upper.label or upper.label.endswith((":", ".")):
        return False
    height = min(upper.bottom - upper.top, lower.bottom - lower.top)
    below = (lower.bottom - upper.bottom) / max(height, 0.1)
    if not lower.label:
        return not upper.has_values and below < _SAME_LINE
    return lower.label[:1].islower() and below <= _NEXT_LINE


def _are_stacked(upper: TableRow, lower: TableRow) -> bool:
    """Tell whether two rows of heads are lines of one: what stands below each other aligns."""
    pairs = [
        (one[-1], other[0])
        for one, other in zip(upper.values, lower.values, strict=True)
        if one and other
    ]
    return (
        bool(pairs)
        and lower.bottom - upper.bottom <= _NEXT_LINE * pairs[0][1].height
        and all(_align(one, other) for one, other in pairs)
        and sum(map(len, upper.values)) <= sum(map(bool, upper.values))
    )


def _align(one: Cell, other: Cell) -> bool:
    """Tell whether two cells begin, end or have their middles below each other."""
    left, right = one.x0 - other.x0, one.x1 - other.x1
    return min(abs(left), abs(right), abs(left + right) / 2) <= _ALIGNED * other.height


def _joined(upper: TableRow, lower: TableRow) -> TableRow:
    labels, values = (
        [one + other for one, other in zip(above, below, strict=True)]
        for above, below in ((upper.labels, lower.labels), (upper.values, lower.values))
    )
    return TableRow(upper.kind, labels, values, lower.top, lower.bottom)


def _is_before(cell: Cell, left: float) -> bool:
    """Tell whether a cell begins left of the columns of figures."""
    return cell.x0 < left and not (cell.is_figure and cell.x1 > left)


def _without_labels(columns: list[Interval], rows: Sequence[list[Cell]]) -> list[Interval]:
    """Return the columns without those on the left that are of labels, as "65-69" is one."""
    for at, column in enumerate(columns[:-1]):
        texts = sum(
            any(not cell.is_figure and _overlap(cell, column) for cell in row) for row in rows
        )
        if texts < max(2, _LABELS_AMONG * len(rows)):
            return columns[at:]
    return columns[-1:]


def _label_columns(labels: Sequence[list[Cell]]) -> list[Interval]:
    """Return where the labels stand; in several columns only if these are of words."""
    if not labels:
        return []
    whole = _around([cell for row in labels for cell in row])
    several = [row for row in labels if len(row) > 1]
    columns = _merged(cell for row in several for cell in row)
    if len(several) < _SEVERAL * len(labels) or len(columns) < 2:
        return [whole]
    # A letter or a number before each label is none of its own.
    texts = [[cell.text for row in several for cell in row if _overlap(cell, c)] for c in columns]
    short = any(sum(map(len, column)) < _SHORT * len(column) for column in texts)
    return [whole] if short else columns


def _overlap(cell: Cell, column: Interval) -> float:
    return max(0.0, min(cell.x1, column.x1) - max(cell.x0, column.x0))


def _place(cell: Cell, columns: Sequence[Interval]) -> int:
    """Return the number of the first column that the cell overlaps, or else of the nearest."""
    for at, column in enumerate(columns):
        if _overlap(cell, column) > 0:
            return at
    middle = (cell.x0 + cell.x1) / 2
    away = [abs(middle - (column.x0 + column.x1) / 2) for column in columns]
    return away.index(min(away)) if away else 0


def _around(cells: Sequence[Cell]) -> Interval:
    return Interval(min(cell.x0 for cell in cells), max(cell.x1 for cell in cells))


def _merged(cells: Iterable[Cell]) -> list[Interval]:
    """Return the intervals that the cells cover together."""
    found: list[Interval] = []
    for cell in sorted(cells, key=lambda cell: cell.x0):
        if found and cell.x0 < found[-1].x1:
            found[-1] = Interval(found[-1].x0, max(found[-1].x1, cell.x1))
        else:
            found.append(Interval(cell.x0, cell.x1))
    return found
