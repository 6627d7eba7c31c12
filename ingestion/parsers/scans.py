"""A page that shows its text as a picture, in the form that every page has."""

import math
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pypdfium2.raw as pdfium

from data.boxes import Boxes, pack
from data.contents import PAGE_TRUNCATED, Page
from ingestion.parsers.cleaning import Codes, cleaned
from ingestion.parsers.lines import composed
from ingestion.parsers.ocr import Ocr, ReadLine, Scan
from ingestion.parsers.rendering import rendered
from ingestion.parsers.strips import Points, around, rotated

# A strip is so much higher than its font's size.
_HIGHER = 1.38
# Within this factor of the page's usual height it is the same font: with descenders, or without.
_ALIKE = 1.3


@cache
def scanner() -> "Scanner":
    """Return the one that this process has; loading its models takes half a second."""
    return Scanner()


class Scanner:
    """Reads pages as pictures."""

    def __init__(self) -> None:
        self._ocr = Ocr()

    def page(self, page: Any, number: int, limit: int) -> Page:
        """Return what a page that PDFium has loaded shows; empty when there is nothing to read.

        At most ``limit`` characters. Raises ``OcrFailed``.
        """
        pixels = rendered(page)
        scan = Scan([], 0.0, cut=False) if pixels is None else self._ocr.scan(pixels)
        if pixels is None or not scan.rows:
            return Page(number, "", pack(np.zeros((0, 4), np.float32)), ocr=True)
        raw = _raw(scan)
        characters = cleaned(raw.codes[:limit], raw.boxes[:limit])
        rows, columns = pixels.shape
        sizes = _sizes(raw) * pdfium.FPDF_GetPageHeightF(page) / rows
        characters, lines = composed(characters, lambda index: (float(sizes[index]), False))
        boxes = _displayed(characters.boxes, scan.direction) / (columns, rows, columns, rows)
        boxes[characters.codes == ord("\n")] = 0
        cut = scan.cut or len(raw.codes) > limit
        return Page(
            number, characters.text, pack(boxes.astype(np.float32)), lines,
            ocr=True, warning=PAGE_TRUNCATED if cut else None,
        )  # fmt: skip


class Raw(NamedTuple):
    """Characters as they were read, with their boxes on the upright picture, and heights."""

    codes: Codes
    boxes: Boxes
    heights: Points


def _raw(scan: Scan) -> Raw:
    text: list[str] = []
    boxes: list[Points] = []
    heights: list[float] = []
    for separator, line in _separated(scan):
        corners = line.strip.corners(line.words.edges)
        boxes += [np.zeros((len(separator), 4)), around(rotated(corners, -scan.direction))]
        text += [separator, line.words.text]
        heights += [line.strip.height] * len(separator + line.words.text)
    codes = np.frombuffer("".join(text).encode("utf-32-le"), "<u4").astype(np.uint32)
    return Raw(codes, np.concatenate(boxes).astype(np.float32), np.array(heights))


def _separated(scan: Scan) -> Iterator[tuple[str, ReadLine]]:
    """Yield the lines, each with what stands before it: a line end, or a space within a row."""
    for number, row in enumerate(scan.rows):
        for index, line in enumerate(row):
            yield (" " if index else "\n" if number else ""), line


def _sizes(raw: Raw) -> Points:
    """Return the size of each character's font in the picture's rows."""
    usual = np.median(raw.heights)
    alike = np.abs(np.log(raw.heights / usual)) < math.log(_ALIKE)
    return np.asarray(np.where(alike, usual, raw.heights) / _HIGHER)


def _displayed(upright: Boxes, direction: float) -> Points:
    """Return boxes on the upright picture as boxes on the displayed one."""
    corners = upright.astype(float)[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    return around(rotated(corners, direction))
