"""What a section is made of: prose, and tables with their heads."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from data.contents import Line, LineKind, Page
from ingestion.outline import Section

Span = tuple[int, int]

# Of a caption; what is longer is the text before the table.
_MOST_LINES = 4
_LONGEST_LINE = 90

_TABLE = (LineKind.TABLE_HEAD, LineKind.TABLE_ROW)


class Block(NamedTuple):
    """Stretches of a section that are cut together, with nothing but white space in each between.

    ``head`` is the caption of a table and the lines that say what its columns are, which stand
    before each of its parts; empty for prose.
    """

    stretches: tuple[Span, ...]
    head: tuple[Span, ...] = ()
    is_table: bool = False


def blocks_of(
    page: Page, section: Section, skipped: Sequence[Span], is_small: Callable[[Block], bool]
) -> list[Block]:
    """Return the section's blocks in order; together they are all of it but what is skipped.

    A table is a block of its own, with its caption. Prose too small for itself joins it.
    """
    blocks: list[Block] = []
    for block in _borders(page, section, skipped):
        before = blocks[-1] if blocks else None
        if before and not before.is_table and (not block.is_table or is_small(before)):
            blocks[-1] = block._replace(stretches=(*before.stretches, *block.stretches))
        else:
            blocks.append(block)
    return blocks


def _borders(page: Page, section: Section, skipped: Sequence[Span]) -> Iterator[Block]:
    """Yield the stretches between running lines, cut where tables begin and end."""
    for start, end in _stretches(section, skipped):
        at = start
        for table in _tables(page.lines, start, end):
            first, last = table[0].start, table[-1].end
            caption = _caption(page, at, first)
            if page.text[at:caption].strip():
                yield Block(((at, caption),))
            yield Block(((caption, last),), _head(page.text, table, caption), is_table=True)
            at = last
        if page.text[at:end].strip():
            yield Block(((at, end),))


def _stretches(section: Section, skipped: Sequence[Span]) -> Iterator[Span]:
    """Yield what is left of a section between the running lines."""
    at = section.start
    for start, end in skipped:
        if section.start <= start < section.end:
            yield at, start
            at = end
    yield at, section.end


def _tables(lines: Sequence[Line], start: int, end: int) -> Iterator[list[Line]]:
    """Yield the lines of each table between two offsets; a new head begins a new table."""
    table: list[Line] = []
    first = bisect_left(lines, start, key=lambda line: line.start)
    for line in lines[first:]:
        if line.end > end:
            break
        ends = line.kind not in _TABLE
        anew = table and line.kind is LineKind.TABLE_HEAD and table[-1].kind is LineKind.TABLE_ROW
        if table and (ends or anew):
            yield table
            table = []
        if not ends:
            table.append(line)
    if table:
        yield table


def _caption(page: Page, start: int, table: int) -> int:
    """Return where the caption of a table begins: the short lines just above it."""
    index = bisect_left(page.lines, table, key=lambda line: line.start)
    caption = table
    for line in reversed(page.lines[max(0, index - _MOST_LINES) : index]):
        text = page.text[line.start : line.end].rstrip()
        if line.start < start or line.kind is not LineKind.TEXT:
            break
        if len(text) > _LONGEST_LINE or text.endswith((".", ";", ",")):
            break
        caption = line.start
    return caption


def _head(text: str, table: Sequence[Line], caption: int) -> tuple[Span, ...]:
    """Return a table's caption and its head as one range, if it has any."""
    heads = [line.end for line in table if line.kind is LineKind.TABLE_HEAD]
    end = heads[-1] if heads else caption + len(text[caption : table[0].start].rstrip())
    return ((caption, end),) if end > caption else ()
