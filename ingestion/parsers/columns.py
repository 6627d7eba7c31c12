"""Columns of a page's prose: what stands left and right of a gutter is read one after the other."""

from collections.abc import Iterable, Iterator, Sequence

from ingestion.parsers.rows import Piece, Row, rows_of

# Lines of prose are so many times longer than high; cells of a table seldom are.
_LONG = 10.0
# So many pairs of them stand beside each other where there are columns.
_PAIRS = 3
# Whatever stands beside a line is among the next few, from the top.
_NEXT = 4
# A page has no more columns than two to this power.
_DEEPEST = 2


def regions(rows: Sequence[Row], depth: int = 0) -> Iterator[list[Row]]:
    """Yield the parts of a page that are read one after the other, as rows."""
    gutter = _gutter(piece for row in rows for piece in row) if depth < _DEEPEST else None
    if gutter is None:
        yield list(rows)
        return
    whole: list[Row] = []
    for section in _sections(rows, gutter):
        pieces = [piece for row in section for piece in row]
        if _gutter(pieces) is None or _crosses(section[0], gutter):
            whole += section
            continue
        if whole:
            yield whole
            whole = []
        left = [piece for piece in pieces if piece.x1 <= gutter]
        yield from regions(rows_of(left), depth + 1)
        yield from regions(rows_of(piece for piece in pieces if piece.x1 > gutter), depth + 1)
    if whole:
        yield whole


def _gutter(pieces: Iterable[Piece]) -> float | None:
    """Return the place between the lines of most pairs that stand beside each other."""
    lines = [p for p in pieces if p.x1 - p.x0 >= _LONG * p.height]
    lines.sort(key=lambda piece: piece.middle)
    gaps = [
        (min(one.x1, other.x1), max(one.x0, other.x0))
        for at, one in enumerate(lines)
        for other in lines[at + 1 : at + 1 + _NEXT]
        if other.y0 < one.y1 and min(one.x1, other.x1) < max(one.x0, other.x0)
    ]
    if len(gaps) < _PAIRS:
        return None
    # Where gaps open and close, from the left: the place with the most of them open.
    edges = sorted([(left, -1) for left, _ in gaps] + [(right, 1) for _, right in gaps])
    count = most = 0
    place = (0.0, 0.0)
    for at, (edge, closes) in enumerate(edges):
        count -= closes
        if count > most:
            most, place = count, (edge, edges[at + 1][0])
    return sum(place) / 2 if most >= _PAIRS else None


def _sections(rows: Sequence[Row], gutter: float) -> Iterator[list[Row]]:
    """Yield runs of rows that cross the gutter and of rows that don't, in turn."""
    section: list[Row] = []
    for row in rows:
        if section and _crosses(section[0], gutter) != _crosses(row, gutter):
            yield section
            section = []
        section.append(row)
    if section:
        yield section


def _crosses(row: Row, gutter: float) -> bool:
    return any(piece.x0 < gutter < piece.x1 for piece in row)
