"""``footnote jobs`` and ``footnote documents``: what is there, as a table."""

from collections.abc import Callable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from api.cli.client import Answer, connected
from api.cli.target import Target
from api.cli.terminal import console, line, say

Columns = Mapping[str, Callable[[Answer], object]]

JOBS: Columns = {
    "job": lambda job: job["id"],
    "document": lambda job: job["document_id"],
    "kind": lambda job: job["kind"],
    "state": lambda job: job["state"],
    "stage": lambda job: job["stage"] or "",
    "progress": lambda job: "{done}/{total} {unit}".format_map(job["progress"]),
    "created": lambda job: job["created_at"],
    "error": lambda job: "{code}: {message}".format_map(job["error"]) if job["error"] else "",
}
DOCUMENTS: Columns = {
    "document": lambda document: document["id"],
    "file": lambda document: document["filename"],
    "library": lambda document: document["library"],
    "state": lambda document: document["state"],
    "pages": lambda document: document["pages"],
    "chunks": lambda document: document["chunks"],
    "tags": lambda document: ", ".join(document["tags"]),
    "warnings": lambda document: ", ".join(each["code"] for each in document["warnings"]),
    "about": lambda document: " ".join(
        filter(None, (document["about"]["kind"], document["about"]["period"]))
    ),
}


async def listed(target: Target, path: str, limit: int, **filters: str | None) -> list[Answer]:
    """Return up to ``limit`` items of a list of the server."""
    async with connected(target) as client:
        return await client.items(path, limit, **filters)


def show(items: Sequence[Answer], columns: Columns) -> None:
    """Print a table on a terminal, lines with tabs elsewhere."""
    screen = console()
    rows = [[line(str(value(item))) for value in columns.values()] for item in items]
    if not screen.is_terminal:
        for row in rows:
            say("\t".join(row))
        return
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        # Ids are to be copied: they keep their line.
        table.add_row(*(Text(cell, no_wrap=not at) for at, cell in enumerate(row)))
    screen.print(table if rows else "There are none.")
