"""A page as a picture: as it is displayed, and bounded whatever its box says."""

import ctypes
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium

# Rows and columns of grey levels; white is 255.
Pixels = npt.NDArray[np.uint8]

# An A4 page has 3.9 million at 200 dots per inch, an A3 page 7.7 million.
_MOST_PIXELS = 6_000_000
_LONGEST_SIDE = 12_000
# In an inch; a point is 1/72 of one. More than a scan's own would show nothing more.
_DENSEST = 300


class OcrFailed(Exception):
    """The page could not be read as a picture."""


class NoRoom(Exception):
    """There is no room for the picture of the page."""


def rendered(page: Any) -> Pixels | None:
    """Return the grey picture of a page that PDFium has loaded, annotations included.

    Nothing for a page without extent. Raises ``OcrFailed`` where there is no room for it.
    """
    size = _size(page, _DENSEST / 72, _MOST_PIXELS)
    if size is None:
        return None
    try:
        return _drawn(page, size, pdfium.FPDFBitmap_Gray, 1, pdfium.FPDF_ANNOT, None)
    except NoRoom as error:
        raise OcrFailed from error


def coloured(page: Any, scale: float, most_pixels: int, form: Any) -> Pixels | None:
    """Return rows of red, green and blue, with ``scale`` pixels for a point or what has room.

    Annotations are drawn, and the fields of a form that PDFium has opened, if there is one.
    Nothing for a page without extent. Raises ``NoRoom``.
    """
    size = _size(page, scale, most_pixels)
    if size is None:
        return None
    # PDFium's own order is blue, green, red.
    flags = pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER
    pixels = _drawn(page, size, pdfium.FPDFBitmap_BGR, 3, flags, form)
    return pixels.reshape(size[1], size[0], 3)


def _drawn(
    page: Any, size: tuple[int, int], kind: int, channels: int, flags: int, form: Any
) -> Pixels:
    width, height = size
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, kind, None, 0)
    if not bitmap:
        raise NoRoom
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
        if form:
            pdfium.FPDF_FFLDraw(form, bitmap, page, 0, 0, width, height, 0, flags)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        start = pdfium.FPDFBitmap_GetBuffer(bitmap)
        rows = np.frombuffer(ctypes.string_at(start, stride * height), np.uint8)
        return rows.reshape(height, stride)[:, : width * channels].copy()
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)


def _size(page: Any, scale: float, most_pixels: int) -> tuple[int, int] | None:
    """Return the picture's columns and rows, with at most so many pixels for a point."""
    width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    if not (0 < width < math.inf and 0 < height < math.inf):
        return None
    scale = min(scale, math.sqrt(most_pixels / width / height), _LONGEST_SIDE / max(width, height))
    return max(1, int(width * scale)), max(1, int(height * scale))
