"""Tables as text (CSV and the like): pages of a hundred rows, the head over each."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from data.contents import LineKind
from ingestion.parsers import prose
from ingestion.parsers.decoding import decoded
from ingestion.parsers.foreign_tables import Cells, row_text, with_head
from ingestion.parsers.leaves import PAGE_CHARACTERS, Block, Leaf, Leaves, Said, divided
from ingestion.parsers.serving import OpenFile, Opening
from ingestion.parsers.wording import plain

ROWS = 100
# A row of many long cells fills a page of its own.
CHARACTERS = 20_000
_DELIMITERS = ",;\t|"
_SAMPLED_ROWS = 50
_SAMPLE = 1 << 16


def open_file(opening: Opening) -> OpenFile:
    """Return a table as pages of its rows."""
    text = decoded(opening.path.read_bytes())
    delimiter = delimiter_of(text[:_SAMPLE])
    if delimiter is None:
        leaves = prose.leaves_of(text, min(opening.max_page_characters, PAGE_CHARACTERS))
    else:
        leaves = _leaves(text, delimiter, min(opening.max_page_characters, CHARACTERS))
    return Leaves(leaves, Said(), opening.max_pages, opening.max_page_characters)


def delimiter_of(sample: str) -> str | None:
    """Return what stands between cells: what gives most rows the same number of cells."""
    first = sample.partition("\n")[0].strip().casefold()
    if first.startswith("sep=") and len(first) == 5:
        return first[-1]
    best, best_score = None, 1.0
    for delimiter in _DELIMITERS:
        try:
            reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
            counts = Counter(len(row) for row in islice(reader, _SAMPLED_ROWS) if row)
        except csv.Error:
            continue
        cells, rows = counts.most_common(1)[0] if counts else (1, 0)
        score = min(cells, 10) * rows / max(sum(counts.values()), 1)
        if cells > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _leaves(text: str, delimiter: str, limit: int) -> Iterator[Leaf]:
    csv.field_size_limit(max(len(text), 1))
    # Not strict: a quote that never ends takes the rest of the file as one cell.
    rows = _rows(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    first = list(islice(rows, 2))
    heads = with_head(first).heads
    head = [Block(row_text(row), 0, LineKind.TABLE_HEAD) for row in first[:heads]]
    below = chain(first[heads:], rows)
    while page := list(islice(below, ROWS)):
        blocks = head + [Block(row_text(row), 0, LineKind.TABLE_ROW, close=True) for row in page]
        yield from divided(blocks, limit)


def _rows(reader: Iterable[Sequence[str]]) -> Iterator[Cells]:
    """Give the rows that have text; the first may only name the delimiter, for a spreadsheet."""
    for number, row in enumerate(reader):
        cells = [plain(cell) for cell in row]
        if any(cells) and not (number == 0 and cells[0].casefold().startswith("sep=")):
            yield cells
