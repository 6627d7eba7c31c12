"""The rows of a sheet: what its visible cells show."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from ingestion.parsers.foreign_tables import Cells
from ingestion.parsers.markup import elements
from ingestion.parsers.number_formats import GENERAL, shown
from ingestion.parsers.wording import plain

_MERGED = re.compile(
    rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"'
)
_MOST_MERGED = 50_000
_TALLEST_MERGED = 1_000
_MOST_COLUMNS = 16_384
_YES = ("1", "true")


class Book(NamedTuple):
    """What cells refer to: texts, and the formats of numbers."""

    texts: list[str]
    formats: list[str]
    since_1904: bool


class Row(NamedTuple):
    """A row's number and its cells, from the first column on."""

    number: int
    cells: Cells
    # Rows without anything are left out above it; hidden ones are no gap.
    gap: bool


class Column(NamedTuple):
    """A text that stands for several rows of a column, down to the last one."""

    last: int
    text: str


def rows_of(data: bytes, book: Book) -> Iterator[Row]:
    """Give the rows that are shown; a cell that is merged with those below is repeated there."""
    hidden: set[int] = set()
    tall = _merged_down(data)
    above: dict[int, Column] = {}
    number = 0
    for element in elements(data, "row", "col"):
        if element.tag.rpartition("}")[2] == "col":
            if element.get("hidden") in _YES:
                hidden.update(_columns(element))
            continue
        before, number = number, _number(element.get("r"), number + 1)
        cells = {column: text for column, text in _cells(element, book) if text}
        for column, (last, text) in list(above.items()):
            if number > last:
                del above[column]
            else:
                cells.setdefault(column, text)
        if tall:
            for column, text in cells.items():
                if (number, column) in tall:
                    above[column] = Column(tall[number, column], text)
        if element.get("hidden") not in _YES:
            columns = range(1, max(cells, default=0) + 1)
            visible = [cells.get(n, "") for n in columns if n not in hidden]
            yield Row(number, visible, gap=number > before + 1)


def _cells(row: Any, book: Book) -> Iterator[tuple[int, str]]:
    column = 0
    for cell in row.iterchildren("{*}c"):
        column = _column((cell.get("r") or "").rstrip("0123456789")) or column + 1
        if column > _MOST_COLUMNS:
            return
        yield column, _text(cell, book)


def _text(cell: Any, book: Book) -> str:
    kind = cell.get("t", "n")
    value = ""
    # A formula stands beside its value, which is what is shown.
    for child in cell:
        if child.tag.endswith("}v"):
            value = child.text or ""
        elif kind == "inlineStr" and child.tag.endswith("}is"):
            return text_of(child)
    if kind == "s":
        return book.texts[int(value)] if _is_index(value, len(book.texts)) else ""
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    if kind != "n" or not value:
        return plain(value)
    style = cell.get("s", "0")
    code = book.formats[int(style)] if _is_index(style, len(book.formats)) else GENERAL
    if code == GENERAL and value.isdecimal():
        return str(value)
    try:
        return plain(shown(float(value), code, since_1904=book.since_1904))
    except (ValueError, ArithmeticError):
        return plain(value)


def text_of(element: Any) -> str:
    """Return a text that is set in several styles, without how its characters are read."""
    parts = element.iterchildren("{*}t", "{*}r")
    return plain("".join(found.text or "" for part in parts for found in part.iter("{*}t")))


def _merged_down(data: bytes) -> dict[tuple[int, int], int]:
    """Return the last row of each cell that is merged with those below it, and with no others."""
    merged: dict[tuple[int, int], int] = {}
    # They stand behind the rows.
    start = data.find(b"mergeCell ", max(data.rfind(b"</row>"), 0))
    for found in _MERGED.finditer(data, max(start - 10, 0)) if start >= 0 else ():
        left, first, right, last = (part.decode() for part in found.groups())
        if left == right and 0 < int(last) - int(first) < _TALLEST_MERGED:
            merged[int(first), _column(left)] = int(last)
        if len(merged) >= _MOST_MERGED:
            break
    return merged


def _columns(element: Any) -> range:
    first, last = _number(element.get("min"), 1), _number(element.get("max"), 1)
    return range(first, min(last, _MOST_COLUMNS) + 1)


@cache
def _column(letters: str) -> int:
    """Return the number of a column: A is 1. 0 for what is none."""
    number = 0
    for letter in letters if len(letters) < 4 else "":
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def _number(said: str | None, otherwise: int) -> int:
    return int(said) if said and said.isdecimal() and len(said) < 8 else otherwise


def _is_index(said: str, count: int) -> bool:
    return said.isdecimal() and len(said) < 10 and int(said) < count
