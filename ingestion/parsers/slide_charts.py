"""The numbers of a chart, as the table that it was drawn from."""

from collections.abc import Iterator
from typing import Any

from ingestion.parsers.foreign_tables import Cells, Grid, blocks_of
from ingestion.parsers.leaves import Block
from ingestion.parsers.wording import plain

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_MOST_POINTS = 1_000


def blocks_of_chart(chart: Any) -> Iterator[Block]:
    """Give a chart's title, then a row for each category with its value in each series."""
    space = chart._chartSpace
    title = next((_words(found) for found in space.iterfind(f"{_C}chart/{_C}title")), "")
    if title:
        yield Block(title)
    series = list(space.iter(f"{_C}ser"))
    names = [next((_words(found) for found in one.iterchildren(f"{_C}tx")), "") for one in series]
    columns = [_points(one, "val") or _points(one, "yVal") for one in series]
    labels: dict[int, str] = {}
    for one in series:
        labels = labels or _points(one, "cat") or _points(one, "xVal")
    places = sorted({*labels, *(index for column in columns for index in column)})
    rows: list[Cells] = [
        [labels.get(index, ""), *(column.get(index, "") for column in columns)] for index in places
    ]
    if series:
        yield from blocks_of(Grid([["", *names], *rows], 1), close=bool(title))


def _points(series: Any, name: str) -> dict[int, str]:
    """Return the values that a chart keeps of what it was drawn from, by their place."""
    points: dict[int, str] = {}
    for part in series.iterchildren(f"{_C}{name}"):
        for point in part.iter(f"{_C}pt"):
            index = point.get("idx", "")
            if index.isdecimal() and int(index) < _MOST_POINTS:
                value = next((found.text or "" for found in point.iterchildren(f"{_C}v")), "")
                points[int(index)] = _short(plain(value))
    return points


def _short(value: str) -> str:
    """Return a number without the digits that only computers see."""
    try:
        return f"{float(value):.10g}" if len(value) > 10 else value
    except ValueError:
        return value


def _words(element: Any) -> str:
    return plain("".join(found.text or "" for found in element.iter("{*}t", f"{_C}v")))
