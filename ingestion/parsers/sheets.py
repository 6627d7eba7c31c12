"""Spreadsheets: each visible sheet a page, or one for every hundred rows of a long one.

Sheets are streamed with lxml: openpyxl, when it streams, forgets which rows are hidden.
"""

from collections.abc import Iterator
from typing import Any

from openpyxl.styles.numbers import BUILTIN_FORMATS

from ingestion.archives import Archive
from ingestion.parsers.leaves import Leaf, Leaves
from ingestion.parsers.markup import attribute, elements, parsed
from ingestion.parsers.office import core_properties, main_part, related, related_as
from ingestion.parsers.serving import OpenFile, Opening
from ingestion.parsers.sheet_pages import pages_of
from ingestion.parsers.sheet_rows import Book, rows_of, text_of
from ingestion.parsers.wording import plain


def open_file(opening: Opening) -> OpenFile:
    """Return a spreadsheet as pages."""
    with Archive(opening.path) as archive:
        at = main_part(archive)
        workbook = parsed(archive.read(at))
        leaves = _leaves(archive, at, workbook, opening.max_page_characters)
        return Leaves(
            leaves, core_properties(archive), opening.max_pages, opening.max_page_characters
        )


def _leaves(archive: Archive, at: str, workbook: Any, limit: int) -> Iterator[Leaf]:
    parts = related(archive, at)
    book = Book(_texts(archive, at), _formats(archive, at), _is_since_1904(workbook))
    given: set[str] = set()
    for sheet in workbook.iter("{*}sheet"):
        path = parts.get(attribute(sheet, "id") or "", "")
        is_visible = sheet.get("state", "visible") == "visible"
        if is_visible and path in archive.names and path not in given:
            given.add(path)
            rows = rows_of(archive.read(path), book)
            yield from pages_of(plain(sheet.get("name") or ""), rows, limit)


def _is_since_1904(workbook: Any) -> bool:
    """Tell whether days are counted as on old Macintoshes."""
    properties = workbook.iter("{*}workbookPr")
    return any(found.get("date1904") in ("1", "true") for found in properties)


def _texts(archive: Archive, at: str) -> list[str]:
    """Return the texts that cells share."""
    path = related_as(archive, at, "sharedStrings")
    return [] if path is None else [text_of(found) for found in elements(archive.read(path), "si")]


def _formats(archive: Archive, at: str) -> list[str]:
    """Return the number format of each style that a cell may have."""
    path = related_as(archive, at, "styles")
    if path is None:
        return []
    root = parsed(archive.read(path))
    own = {found.get("numFmtId"): found.get("formatCode") or "" for found in root.iter("{*}numFmt")}
    formats = []
    for style in root.iterfind("{*}cellXfs/{*}xf"):
        number = style.get("numFmtId") or "0"
        known = BUILTIN_FORMATS.get(int(number), "General") if number.isdecimal() else "General"
        formats.append(own.get(number, known))
    return formats
