"""A page as a picture: grey, as it is displayed, and bounded whatever its box says."""

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


def rendered(page: Any) -> Pixels | None:
    """Return the picture of a page that PDFium has loaded, annotations included.

    Nothing for a page without extent. Raises ``OcrFailed`` where there is no room for it.
    """
    size = _size(pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page))
    if size is None:
        return None
    width, height = size
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
    if not bitmap:
        raise OcrFailed("There is no room for the picture of the page.")
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, pdfium.FPDF_ANNOT)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        start = pdfium.FPDFBitmap_GetBuffer(bitmap)
        rows = np.frombuffer(ctypes.string_at(start, stride * height), np.uint8)
        return rows.reshape(height, stride)[:, :width].copy()
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)


def _size(width: float, height: float) -> tuple[int, int] | None:
    """Return the picture's columns and rows for a page of so many points."""
    if not (0 < width < math.inf and 0 < height < math.inf):
        return None
    scale = min(
        _DENSEST / 72,
        math.sqrt(_MOST_PIXELS / width / height),
        _LONGEST_SIDE / max(width, height),
    )
    return max(1, int(width * scale)), max(1, int(height * scale))
