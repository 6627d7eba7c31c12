"""A PDF read with PDFium: the text of a page, where each character stands, and its lines.

PDFium is not thread-safe; one thread only.
"""

import ctypes
import os
import time
from collections import deque
from dataclasses import replace
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from data.boxes import Boxes, pack
from data.contents import (
    OCR_FAILED,
    OCR_SKIPPED,
    PAGE_TRUNCATED,
    PAGE_UNREADABLE,
    Page,
)
from data.file_errors import PasswordRequired, UnreadableFile, WrongPassword
from ingestion.parsers.arrangement import arranged
from ingestion.parsers.bindings import address, prototype
from ingestion.parsers.cleaning import Characters, Codes, cleaned
from ingestion.parsers.facts import facts_of, label_of
from ingestion.parsers.hidden import hidden
from ingestion.parsers.initials import with_whole_initials
from ingestion.parsers.lines import composed
from ingestion.parsers.pictures import is_picture, letters
from ingestion.parsers.placement import Placement
from ingestion.parsers.rendering import OcrFailed
from ingestion.parsers.serving import Opening
from ingestion.parsers.turning import Turn

_BOLD_WEIGHT = 600
_BOLD_NAMES = ("bold", "black", "heavy", "demi")
_FORCE_BOLD = 1 << 18
# What PDFium's text calls give for a hyphen at a line end, character by character.
_HYPHEN_BY_CHARACTER, _HYPHEN = 0x02, 0xFFFE
_SPACE = 0x20


class PdfFile:
    """A PDF that is open until the process ends."""

    def __init__(self, opening: Opening) -> None:
        self._limit = opening.max_page_characters
        password = None if opening.password is None else opening.password.encode()
        self._document = pdfium.FPDF_LoadDocument(os.fsencode(opening.path), password)
        if not self._document:
            raise _refusal(pdfium.FPDF_GetLastError(), has_password=password is not None)
        pages = pdfium.FPDF_GetPageCount(self._document)
        if pages <= 0:
            raise UnreadableFile("The file has no pages.")
        self.facts = facts_of(self._document, pages)

    def page(self, number: int, *, ocr: bool = False) -> Page:
        """Return a page; one that PDFium can't read is empty, with a warning.

        A page that shows its text as a picture is read by OCR, or says that it was not.
        """
        page = pdfium.FPDF_LoadPage(self._document, number - 1)
        text_page = pdfium.FPDFText_LoadPage(page) if page else None
        try:
            label = label_of(self._document, number)
            if not text_page:
                empty = pack(np.zeros((0, 4), np.float32))
                return Page(number, "", empty, warning=PAGE_UNREADABLE, label=label)
            read, is_scan = self._read(number, page, text_page)
            if is_scan:
                read = self._scanned(read, page) if ocr else replace(read, warning=OCR_SKIPPED)
            return replace(read, label=label)
        finally:
            if text_page:
                pdfium.FPDFText_ClosePage(text_page)
            if page:
                pdfium.FPDF_ClosePage(page)

    def _read(self, number: int, page: Any, text_page: Any) -> tuple[Page, bool]:
        """Return the page of the text layer, and whether it shows a picture instead."""
        found = max(pdfium.FPDFText_CountChars(text_page), 0)
        count = min(found, self._limit)
        placement = Placement.of(page)
        codes, rects = _codes(text_page, count), _rects(text_page, count)
        boxes = placement.fractions(rects)
        seen = _on_page(codes, boxes) & ~hidden(page, text_page, codes, rects)
        turn = Turn.of(codes[seen], boxes[seen], placement.size)
        characters = with_whole_initials(cleaned(codes[seen], turn.upright(boxes[seen])))
        indices = np.flatnonzero(seen)
        characters = Characters(characters.codes, characters.boxes, indices[characters.source])
        characters, kinds = arranged(
            characters, turn.size(placement.size), in_order=turn.quarters == 0
        )
        characters, lines = composed(characters, lambda index: _style(text_page, index), kinds)
        warning = PAGE_TRUNCATED if found > count else None
        text = characters.text
        read = Page(number, text, pack(turn.displayed(characters.boxes)), lines, warning=warning)
        return read, is_picture(page, placement, text, has_marks=bool((codes[seen] > _SPACE).any()))

    def _scanned(self, read: Page, page: Any) -> Page:
        """Return the page as OCR reads it, or as it was where that finds not much more."""
        started = time.monotonic()
        try:
            from ingestion.parsers.scans import scanner  # noqa: PLC0415 - heavy, for few files

            scanned = scanner().page(page, read.number, self._limit)
        except (OcrFailed, ImportError):
            scanned = replace(read, warning=OCR_FAILED)
        else:
            # A text layer that has half of it is exact, and the picture behind it decoration.
            if letters(scanned.text) <= 2 * letters(read.text):
                scanned = read
        return replace(scanned, ocr_seconds=time.monotonic() - started)


def _refusal(code: int, *, has_password: bool) -> Exception:
    if code == pdfium.FPDF_ERR_PASSWORD:
        return WrongPassword() if has_password else PasswordRequired()
    if code == pdfium.FPDF_ERR_SECURITY:
        return UnreadableFile("The file is encrypted in a way that can't be opened here.")
    return UnreadableFile()


def _codes(text_page: Any, count: int) -> Codes:
    """Return the code unit of each character, one each."""
    units = np.zeros(count + 1, np.uint16)
    buffer = units.ctypes.data_as(ctypes.POINTER(ctypes.c_ushort))
    written = pdfium.FPDFText_GetText(text_page, 0, count, buffer) - 1
    codes: Codes = units[:count].astype(np.uint32)
    if written == count and not ((codes & 0xF800) == 0xD800).any():
        return codes
    # PDFium left characters out or took two units for some; only single calls stay aligned.
    call = prototype("FPDFText_GetUnicode", ctypes.c_uint, ctypes.c_void_p, ctypes.c_int)
    codes = np.fromiter(
        map(call, repeat(address(text_page), count), range(count)), np.uint32, count
    )
    codes[codes == _HYPHEN_BY_CHARACTER] = _HYPHEN
    return codes


def _rects(text_page: Any, count: int) -> Boxes:
    """Return left, top, right, bottom of each character in the page's own coordinates.

    The loose boxes, as high as their font: those of a word's letters make one even mark.
    """
    rects = np.zeros((count, 4), np.float32)
    call = prototype(
        "FPDFText_GetLooseCharBox", ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
    )
    base, size = rects.ctypes.data, ctypes.sizeof(pdfium.FS_RECTF)
    places = range(base, base + size * count, size)
    deque(map(call, repeat(address(text_page), count), range(count), places), maxlen=0)
    return rects


def _on_page(codes: Codes, boxes: Boxes) -> Any:
    """Return which characters can be seen on the page as it is displayed."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((middle >= 0) & (middle <= 1)).all(axis=1)
    return inside | (codes == ord("\n")) | (codes == ord("\r"))


def _style(text_page: Any, index: int) -> tuple[float, bool]:
    """Return the size that a character is shown at, in points, and whether it is bold."""
    matrix, flags = pdfium.FS_MATRIX(), ctypes.c_int()
    size = pdfium.FPDFText_GetFontSize(text_page, index)
    if pdfium.FPDFText_GetMatrix(text_page, index, matrix):
        size *= (matrix.c**2 + matrix.d**2) ** 0.5
    name = ctypes.create_string_buffer(128)
    pdfium.FPDFText_GetFontInfo(text_page, index, name, 128, flags)
    font = name.value.decode("latin-1").lower()
    bold = (
        any(word in font for word in _BOLD_NAMES)
        or bool(flags.value & _FORCE_BOLD)
        or pdfium.FPDFText_GetFontWeight(text_page, index) >= _BOLD_WEIGHT
    )
    return float(min(max(size, 0.0), 10_000.0)), bold
