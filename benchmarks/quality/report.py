"""Tables for people, as Markdown, and for programs, as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.quality.intervals import Estimate

Cell = Estimate | str | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a title; the first row names the columns."""

    title: str
    rows: Sequence[Mapping[str, Cell]]
    notes: Sequence[str] = ()

    def markdown(self) -> str:
        """Return the table with its notes below; without rows, the notes alone."""
        parts = [f"## {self.title}"]
        if self.rows:
            columns = list(self.rows[0])
            lines = [columns, ["---"] * len(columns)]
            lines += [[_shown(row.get(column)) for column in columns] for row in self.rows]
            parts.append("\n".join(f"| {' | '.join(cells)} |" for cells in lines))
        return "\n\n".join([*parts, *self.notes])

    def plain(self) -> dict[str, Any]:
        """Return the table as JSON takes it, with every digit."""
        rows = [{column: _plain(cell) for column, cell in row.items()} for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": list(self.notes)}


def _shown(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:.2f}"
    return str(cell).replace("|", "\\|")


def _plain(cell: Cell) -> Any:
    if isinstance(cell, Estimate):
        return asdict(cell) if cell.n else None
    return cell
