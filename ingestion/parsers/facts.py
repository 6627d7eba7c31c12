"""What a PDF says of itself: title, author, date, the labels of its pages, its outline."""

import ctypes
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from data.contents import FileFacts, OutlineEntry
from ingestion.parsers.cleaning import cleaned

_LONGEST = 500
_LONGEST_LABEL = 50
# What programs write when nobody told them.
_NOBODY = ("anonymous", "(anonymous)", "author", "unknown", "user", "administrator")
_MOST_ENTRIES = 5_000
_DEEPEST = 6
# "D:20190207153045-05'00'"; what is behind the day may be missing.
_DATE = re.compile(
    r"(?:D:)?\s*(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:T?(\d\d):?(\d\d)(?::?(\d\d))?\s*(?:(Z)|([+-]\d\d)'?:?(\d\d)?'?)?)?"
)
# A buffer of so many bytes, or none, to how many bytes there are: UTF-16 with its NUL.
_Get = Callable[[Any, int], int]


def facts_of(document: Any, pages: int) -> FileFacts:
    """Return what the file says; whatever of it is broken or missing is left out."""
    return FileFacts(
        pages,
        title=_said(document, b"Title"),
        author=_author(document),
        created=_day_and_time(_said(document, b"CreationDate")),
        outline=tuple(_entries(document, pages)),
    )


def label_of(document: Any, number: int) -> str | None:
    """Return what is printed instead of the number of a page; nothing where it is the number."""
    label = _text(lambda buffer, size: pdfium.FPDF_GetPageLabel(document, number - 1, buffer, size))
    return None if label in ("", str(number)) else label[:_LONGEST_LABEL].strip()


def _said(document: Any, key: bytes) -> str | None:
    text = _text(lambda buffer, size: pdfium.FPDF_GetMetaText(document, key, buffer, size))
    return text or None


def _author(document: Any) -> str | None:
    author = _said(document, b"Author")
    return author if author and author.casefold() not in _NOBODY else None


def _text(get: _Get) -> str:
    """Return a text of PDFium's in one line; empty when it is too long to be meant for reading."""
    length = get(None, 0)
    if not 2 < length <= 4 * _LONGEST:
        return ""
    buffer = ctypes.create_string_buffer(length)
    get(buffer, length)
    codes = np.frombuffer(buffer.raw[: (length - 2) // 2 * 2], "<u2").astype(np.uint32)
    text = cleaned(codes, np.zeros((len(codes), 4), np.float32)).text
    return text.replace("\n", " ")[:_LONGEST]


def _day_and_time(said: str | None) -> str | None:
    """Return a date of a PDF as ISO 8601: a day, or a day and a time."""
    found = _DATE.match(said or "")
    if found is None:
        return None
    year, month, day, hour, minute, second, zulu, hours, minutes = found.groups()
    text = f"{year}-{month}-{day}"
    if hour is not None:
        text += f"T{hour}:{minute}:{second or '00'}"
        text += "+00:00" if zulu else f"{hours}:{minutes or '00'}" if hours else ""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return text


def _entries(document: Any, pages: int) -> Iterator[OutlineEntry]:
    """Yield the entries of the outline in order, each only once, whatever leads to it."""
    seen: set[int] = set()
    waiting = [(pdfium.FPDFBookmark_GetFirstChild(document, None), 1)]
    while waiting and len(seen) < _MOST_ENTRIES:
        mark, level = waiting.pop()
        address = ctypes.cast(mark, ctypes.c_void_p).value
        if address is None or address in seen:
            continue
        seen.add(address)
        waiting.append((pdfium.FPDFBookmark_GetNextSibling(document, mark), level))
        if level < _DEEPEST:
            waiting.append((pdfium.FPDFBookmark_GetFirstChild(document, mark), level + 1))
        page = _page_of(document, mark)
        title = _title_of(mark)
        if title and 1 <= page <= pages:
            yield OutlineEntry(page, level, title)


def _title_of(mark: Any) -> str:
    return _text(lambda buffer, size: pdfium.FPDFBookmark_GetTitle(mark, buffer, size))


def _page_of(document: Any, mark: Any) -> int:
    """Return the number of the page that an entry leads to, or 0."""
    place = pdfium.FPDFBookmark_GetDest(document, mark)
    if not place:
        action = pdfium.FPDFBookmark_GetAction(mark)
        place = pdfium.FPDFAction_GetDest(document, action) if action else None
    return int(pdfium.FPDFDest_GetDestPageIndex(document, place)) + 1 if place else 0
